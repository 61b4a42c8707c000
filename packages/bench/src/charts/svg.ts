type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element; children are elements already, text goes through `text`. Numbers are rounded to a hundredth of a pixel. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const words = Object.entries(attributes).map(
    ([key, value]) =>
      `${key}="${typeof value === 'number' ? Math.round(value * 100) / 100 : escaped(value)}"`,
  );
  const opening = [name, ...words].join(' ');
  return children.length === 0 ? `<${opening}/>` : `<${opening}>${children.join('')}</${name}>`;
}

export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, escaped(content));
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
