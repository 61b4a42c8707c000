/** Room is given back where less than this part of it is needed: once in a while, not each time that a little less is. */
const PART = 4;
/** So much is not worth giving back. */
const LITTLE = 4096;

/** Whether room for so many is enough for what is needed, and not far too much. */
export function fits(room: number, needed: number): boolean {
  return needed <= room && (room <= LITTLE || needed * PART >= room);
}
