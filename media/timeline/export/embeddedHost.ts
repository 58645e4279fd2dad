import * as v from 'valibot';
import { sessionSchema } from '../../../src/protocol/timelineProtocol';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { TimelineModel } from '../model/timelineModel';

const text = v.string();
const exportSchema = v.object({
  session: sessionSchema,
  /** Names and values for the page's head. */
  facts: v.array(v.tuple([text, text])),
});
export type ExportedSession = v.InferOutput<typeof exportSchema>;

const requestSchema = v.object({
  requestNumber: v.number(),
  method: text,
  parameters: v.record(text, v.unknown()),
});
const pictureSchema = v.object({ runId: text, seq: v.number(), index: v.number() });
/** Other kinds stay a line of text. */
const SHOWN_PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** Stands for the extension in an exported page: it answers from the data that the page itself holds. */
export class EmbeddedHost {
  readonly exported: ExportedSession;
  readonly model: TimelineModel;
  /** The addresses of the pictures, by `pictureKey`. */
  readonly #pictures = new Map<string, string>();

  constructor(data: unknown) {
    this.exported = v.parse(exportSchema, data);
    const { session } = this.exported;
    this.model = new TimelineModel(
      session.id,
      undefined,
      (message) => {
        this.#answer(message);
      },
      () => undefined,
    );
    this.model.receive({ type: 'session', session, events: [] });
  }

  /** Checks the events of a block and hands them to the model. Answers with those that can be shown, in their order. */
  read(block: unknown): TimelineEvent[] {
    const places = v.parse(v.array(v.looseObject({ runId: text, seq: v.number() })), block);
    this.model.receive({ type: 'session', session: this.exported.session, events: places });
    return places.flatMap(({ runId, seq }) => {
      const row = this.model.playlist.rowOf({ runId, seq });
      const event = row === undefined ? undefined : this.model.events.at(row);
      if (event === undefined || event === 'missing') return [];
      this.#keepPictures(event);
      return event;
    });
  }

  #keepPictures(event: TimelineEvent): void {
    if (event.kind !== 'message' && event.kind !== 'tool.result') return;
    for (const [index, { data, mediaType }] of (event.data.pictures ?? []).entries())
      if (SHOWN_PICTURE.test(mediaType))
        this.#pictures.set(pictureKey({ ...event, index }), `data:${mediaType};base64,${data}`);
  }

  #answer(message: unknown): void {
    const request = v.safeParse(requestSchema, message);
    if (!request.success) return; // an acknowledgement
    const { requestNumber, method, parameters } = request.output;
    const wanted = v.safeParse(pictureSchema, parameters);
    const address = method === 'picture' && wanted.success ? this.#pictures.get(pictureKey(wanted.output)) : undefined;
    const result = address === undefined ? {} : { address };
    queueMicrotask(() => {
      this.model.receive({ type: 'answer', requestNumber, result });
    });
  }
}

function pictureKey({ runId, seq, index }: v.InferOutput<typeof pictureSchema>): string {
  return [runId, seq, index].join(' ');
}
