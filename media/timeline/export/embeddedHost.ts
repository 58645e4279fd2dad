import * as v from 'valibot';
import { asideSchema, sessionSchema } from '../../../src/protocol/timelineProtocol';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { TimelineModel } from '../model/timelineModel';

const text = v.string();
const exportSchema = v.object({
  session: sessionSchema,
  asides: v.array(asideSchema),
  /** Names and values for the page's head. */
  facts: v.array(v.tuple([text, text])),
});
export type ExportedSession = v.InferOutput<typeof exportSchema>;

const requestSchema = v.object({
  requestNumber: v.number(),
  method: text,
  parameters: v.record(text, v.unknown()),
});
const placeSchema = v.object({ runId: text, seq: v.number() });
const turnSchema = v.object({ runId: text, toSeq: v.number(), kinds: v.tuple([v.literal('turn.started')]) });
const pictureSchema = v.object({ runId: text, seq: v.number(), index: v.number() });
/** Other kinds stay a line of text. */
const SHOWN_PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** Stands for the extension in an exported page: it answers from the data that the page itself holds. */
export class EmbeddedHost {
  readonly exported: ExportedSession;
  readonly model: TimelineModel;
  /** The addresses of the pictures, by `pictureKey`. */
  readonly #pictures = new Map<string, string>();
  /** How long a turn took follows from its start. */
  readonly #turns: TimelineEvent[] = [];

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
    this.model.events.keepAll();
    this.model.receive({ type: 'session', session, events: [] });
    this.model.receive({ type: 'asides', asides: this.exported.asides });
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
      if (event.kind === 'turn.started') this.#turns.push(event);
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
    const result = this.#resultOf(method, parameters);
    queueMicrotask(() => {
      this.model.receive({ type: 'answer', requestNumber, result });
    });
  }

  #resultOf(method: string, parameters: unknown): object {
    const picture = v.safeParse(pictureSchema, parameters);
    if (method === 'picture' && picture.success) {
      const address = this.#pictures.get(pictureKey(picture.output));
      return address === undefined ? {} : { address };
    }
    const turn = v.safeParse(turnSchema, parameters);
    if (method === 'findEvents' && turn.success) {
      const { runId, toSeq } = turn.output;
      return { seqs: this.#turns.flatMap((each) => (each.runId === runId && each.seq <= toSeq ? each.seq : [])) };
    }
    const place = v.safeParse(placeSchema, parameters);
    if (method !== 'event' || !place.success) return {};
    const event = this.#turns.find(({ runId, seq }) => runId === place.output.runId && seq === place.output.seq);
    return event === undefined ? {} : { event };
  }
}

function pictureKey({ runId, seq, index }: v.InferOutput<typeof pictureSchema>): string {
  return [runId, seq, index].join(' ');
}
