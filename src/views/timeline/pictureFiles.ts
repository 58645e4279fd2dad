import * as v from 'valibot';
import * as vscode from 'vscode';
import { pictureFile } from '../../common/pictureFile';
import { ReadOnlyFiles } from '../readOnlyFiles';
import type { LinkedEvent } from './eventLink';
import type { TimelineSource } from './timelineSource';

const SCHEME = 'corral-picture';
const number = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
const placeSchema = v.strictTuple([v.literal(''), v.string(), v.string(), number, number, v.string()]);

/** One picture of one event. */
export interface PicturePlace extends LinkedEvent {
  index: number;
}

/** The pictures of events as read-only files, so that the editor shows them as it shows others. */
export class PictureFiles extends ReadOnlyFiles {
  readonly #source: TimelineSource;

  private constructor(source: TimelineSource) {
    super();
    this.#source = source;
  }

  static register(source: TimelineSource): vscode.Disposable {
    return vscode.workspace.registerFileSystemProvider(SCHEME, new PictureFiles(source), {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }

  /** Opens the picture beside the timeline. */
  static async open(source: TimelineSource, { sessionId, runId, seq, index }: PicturePlace): Promise<void> {
    const bytes = await (await source.timeline(sessionId)).picture(runId, seq, index);
    const extension = pictureFile(bytes)?.mediaType.slice('image/'.length) ?? 'bin';
    const name = `${vscode.l10n.t('Picture {number} of event {seq}', { number: index + 1, seq }).replaceAll('/', '-')}.${extension}`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${sessionId}/${runId}/${seq}/${index}/${name}` });
    await vscode.commands.executeCommand('vscode.open', uri, vscode.ViewColumn.Beside);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const parsed = v.safeParse(placeSchema, uri.path.split('/'));
    if (!parsed.success) throw vscode.FileSystemError.FileNotFound(uri);
    const [, sessionId, runId, seq, index] = parsed.output;
    try {
      return await (await this.#source.timeline(sessionId)).picture(runId, seq, index);
    } catch {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
  }
}
