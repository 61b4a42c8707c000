/** The kernel's number of a device, of what stat says: the C library spreads major and minor number over 64 bits, the kernel keeps 12 and 20 bits. */
export function kernelDevice(device: bigint): bigint {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return (major << 20n) | minor;
}
