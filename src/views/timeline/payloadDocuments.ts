import * as v from 'valibot';
import * as vscode from 'vscode';
import type { LinkedEvent } from './eventLink';
import type { TimelineSource } from './timelineSource';

const SCHEME = 'corral-event';
/** By field: the file name's extension, by which the editor knows the language. */
const EXTENSIONS: Readonly<Record<string, string>> = { text: 'md', diff: 'diff', input: 'json' };
/** In the place of a field: all of the event, as it is recorded. No field has this name. */
const WHOLE = '*';
const placeSchema = v.strictTuple([
  v.literal(''),
  v.string(),
  v.string(),
  v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)),
  v.string(),
  v.string(),
]);

/** One field of one event. */
export interface PayloadPlace extends LinkedEvent {
  field: string;
}

/** Shows payloads of events as read-only documents, read from the store so that their tabs survive a restart. */
export function registerPayloadDocuments(source: TimelineSource): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: async (uri) => {
      const [, sessionId, runId, seq, field] = v.parse(placeSchema, uri.path.split('/'));
      const timeline = await source.timeline(sessionId);
      return field === WHOLE
        ? JSON.stringify(await timeline.wholeEvent(runId, seq), undefined, 2)
        : await timeline.payload(runId, seq, field);
    },
  });
}

/** Opens the payload beside the timeline. */
export async function openPayload({ sessionId, runId, seq, field }: PayloadPlace): Promise<void> {
  const title = vscode.l10n.t('{field} of event {seq}', { field, seq });
  const name = `${title.replaceAll('/', '-')}.${EXTENSIONS[field] ?? 'txt'}`;
  await openDocument({ sessionId, runId, seq }, field, name);
}

/** Opens all of the event as JSON beside the timeline. */
export async function openRawEvent(event: LinkedEvent): Promise<void> {
  await openDocument(event, WHOLE, `${vscode.l10n.t('Event {seq}', { seq: event.seq }).replaceAll('/', '-')}.json`);
}

async function openDocument({ sessionId, runId, seq }: LinkedEvent, field: string, name: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(
    vscode.Uri.from({ scheme: SCHEME, path: `/${sessionId}/${runId}/${seq}/${field}/${name}` }),
  );
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
}
