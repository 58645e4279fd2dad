import * as v from 'valibot';
import type { Picture } from '../../../storage/events';
import { text } from './schemas';

const mediaType = v.pipe(text, v.regex(/^image\/[\w.+-]{1,40}$/));
/** As agents write pictures: Claude, the Model Context Protocol, and Codex with a `data:` address. */
const pictureSchema = v.union([
  v.pipe(
    v.object({
      type: v.literal('image'),
      source: v.object({ type: v.literal('base64'), media_type: mediaType, data: text }),
    }),
    v.transform(({ source }) => ({ mediaType: source.media_type, data: source.data })),
  ),
  v.pipe(
    v.object({ type: v.literal('image'), mimeType: mediaType, data: text }),
    v.transform(({ mimeType, data }) => ({ mediaType: mimeType, data })),
  ),
  v.pipe(
    v.object({
      type: v.literal('image'),
      url: v.pipe(text, v.regex(/^data:image\/[\w.+-]{1,40};base64,/)),
    }),
    v.transform(({ url }) => {
      const comma = url.indexOf(',');
      return { mediaType: url.slice('data:'.length, comma - ';base64'.length), data: url.slice(comma + 1) };
    }),
  ),
]);

/** The picture in a block of a message; undefined for any other block, and for one that only names where it is. */
export function pictureOf(block: unknown): Picture | undefined {
  const parsed = v.safeParse(pictureSchema, block);
  if (!parsed.success) return undefined;
  const { mediaType: type, data } = parsed.output;
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return { mediaType: type, bytes: Math.max(0, Math.floor((data.length * 3) / 4) - padding), data };
}

/** The field of an event for these pictures; none where there are none. */
export function picturesField(pictures: readonly Picture[]): { pictures?: Picture[] } {
  return pictures.length === 0 ? {} : { pictures: [...pictures] };
}

/** What is told of a message that has pictures and no words. */
export function nameOfPictures(count: number): string {
  return count === 1 ? 'Picture' : `${count} pictures`;
}
