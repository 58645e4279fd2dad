/** A kind of picture that agents take and every browser shows. */
export function isPictureType(mediaType: string): boolean {
  return /^image\/(png|jpeg|gif|webp)$/.test(mediaType);
}
