/** Sizes in bytes. A union is a struct whose fields overlap; the fields of nameless structs and unions stand in the outer one. */
export interface StructLayout {
  readonly name: string;
  readonly size: number;
  readonly fields: ReadonlyMap<string, Field>;
}

/**
 * Pointers and enums count as integers. `char[]` is an array of `char`; `bytes` is one of any other type of one byte.
 */
export type FieldType =
  | { readonly kind: 'unsigned' | 'signed' | 'char[]' | 'bytes'; readonly size: number }
  | { readonly kind: 'array'; readonly size: number; readonly element: FieldType; readonly length: number }
  | { readonly kind: 'struct'; readonly size: number; readonly struct: StructLayout };

/** `offset` from the start of the struct, in bytes. */
export type Field = FieldType & { readonly offset: number };
