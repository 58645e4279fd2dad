import * as v from 'valibot';
import type { IssueKind } from '../../storage/issueReference';
import type { ListedIssue, WholeIssue } from './forge';
import { checkAnswer, Forge, MAX_COMMENTS, MAX_LISTED, noIssue, noRepository } from './forge';

const text = v.string();
const person = v.nullish(v.object({ username: text }));

/** As in docs.gitlab.com/api/issues and docs.gitlab.com/api/merge_requests. */
const listedSchema = v.object({ iid: v.number(), title: text, state: text, updated_at: text, author: person });
const wholeSchema = v.object({
  ...listedSchema.entries,
  description: v.nullish(text),
  user_notes_count: v.optional(v.number(), 0),
  source_branch: v.optional(text),
  target_branch: v.optional(text),
});
/** As in docs.gitlab.com/api/notes. `system`: GitLab itself wrote it, such as that a label was added. */
const noteSchema = v.object({
  author: person,
  created_at: text,
  body: text,
  system: v.boolean(),
  position: v.nullish(v.object({ new_path: v.nullish(text) })),
});

const PLACE: Record<IssueKind, string> = { issue: 'issues', pullRequest: 'merge_requests' };
/** The largest page. What GitLab itself wrote is left out of it. */
const MAX_NOTES = 100;

/** GitLab, by `glab api`. */
export class GitLab extends Forge {
  override async list(kind: IssueKind, search: string, signal?: AbortSignal): Promise<ListedIssue[]> {
    const query = new URLSearchParams({
      state: 'opened',
      order_by: 'updated_at',
      sort: 'desc',
      per_page: String(MAX_LISTED),
      ...(search === '' ? {} : { search }),
    });
    const found = await this.#ask(`${PLACE[kind]}?${String(query)}`, signal);
    if (found === undefined) return noRepository(this.repository);
    return checkAnswer(v.array(listedSchema), found).map((each) => listedOf(kind, each));
  }

  override async find(kind: IssueKind, number: number, signal?: AbortSignal): Promise<ListedIssue | undefined> {
    const found = await this.#ask(`${PLACE[kind]}/${number}`, signal);
    return found === undefined ? undefined : listedOf(kind, checkAnswer(listedSchema, found));
  }

  override async read(kind: IssueKind, number: number, signal?: AbortSignal): Promise<WholeIssue> {
    const place = `${PLACE[kind]}/${number}`;
    const latest = `${place}/notes?sort=desc&order_by=created_at&per_page=${MAX_NOTES}`;
    const [found, notes] = await Promise.all([this.#ask(place, signal), this.#ask(latest, signal)]);
    if (found === undefined) return noIssue(this.repository, number);
    const whole = checkAnswer(wholeSchema, found);
    const comments = checkAnswer(v.array(noteSchema), notes ?? [])
      .filter(({ system }) => !system)
      .slice(0, MAX_COMMENTS)
      .reverse()
      .map(({ author, created_at: createdAt, body, position }) => ({
        author: author?.username ?? '',
        createdAt,
        text: body,
        ...(typeof position?.new_path === 'string' ? { path: position.new_path } : {}),
      }));
    return {
      ...listedOf(kind, whole),
      body: whole.description ?? '',
      comments,
      earlierComments: Math.max(0, whole.user_notes_count - comments.length),
      ...(whole.source_branch === undefined || whole.target_branch === undefined
        ? {}
        : { branches: { head: whole.source_branch, base: whole.target_branch } }),
    };
  }

  /** Undefined where there is no such thing for this user. */
  async #ask(place: string, signal?: AbortSignal): Promise<unknown> {
    const { host, path } = this.repository;
    const endpoint = `projects/${encodeURIComponent(path)}/${place}`;
    const { json, failure } = await this.program.ask(host, [endpoint], signal);
    if (failure?.code === 'FORGE_FAILED' && /404/.test(failure.message)) return undefined;
    if (failure !== undefined) throw failure;
    return json;
  }
}

function listedOf(
  kind: IssueKind,
  { iid, title, state, updated_at, author }: v.InferOutput<typeof listedSchema>,
): ListedIssue {
  return {
    kind,
    number: iid,
    title,
    author: author?.username ?? '',
    updatedAt: updated_at,
    isOpen: state === 'opened',
  };
}
