import * as v from 'valibot';
import type { IssueKind } from '../../storage/issueReference';
import type { IssueComment, ListedIssue, WholeIssue } from './forge';
import { checkAnswer, Forge, MAX_COMMENTS, MAX_LISTED, noIssue, noRepository } from './forge';

const text = v.string();
const person = v.nullish(v.object({ login: text }));

const listedSchema = v.object({
  number: v.number(),
  title: text,
  state: text,
  updatedAt: text,
  author: person,
});
const commentSchema = v.object({ author: person, createdAt: text, body: text, path: v.optional(text) });
const commentsSchema = v.object({ totalCount: v.number(), nodes: v.array(commentSchema) });
const wholeSchema = v.object({
  ...listedSchema.entries,
  body: text,
  comments: commentsSchema,
  headRefName: v.optional(text),
  baseRefName: v.optional(text),
  reviews: v.optional(
    v.object({
      totalCount: v.number(),
      nodes: v.array(
        v.object({
          author: person,
          createdAt: text,
          body: text,
          comments: v.object({ nodes: v.array(commentSchema) }),
        }),
      ),
    }),
  ),
});

const LISTED = 'number title state updatedAt author{login}';
const COMMENT = 'author{login} createdAt body';
const REVIEWS = `headRefName baseRefName reviews(last:${MAX_COMMENTS}){totalCount nodes{${COMMENT} comments(first:10){nodes{${COMMENT} path}}}}`;
const FIELD: Record<IssueKind, string> = { issue: 'issue', pullRequest: 'pullRequest' };
const FIELDS: Record<IssueKind, string> = { issue: 'issues', pullRequest: 'pullRequests' };
const TYPE: Record<IssueKind, string> = { issue: 'Issue', pullRequest: 'PullRequest' };
const QUALIFIER: Record<IssueKind, string> = { issue: 'issue', pullRequest: 'pr' };

/** GitHub and GitHub Enterprise, by `gh api graphql`. */
export class GitHub extends Forge {
  override async list(kind: IssueKind, search: string, signal?: AbortSignal): Promise<ListedIssue[]> {
    if (search !== '') return await this.#search(kind, search, signal);
    const recent = `first:${MAX_LISTED},states:OPEN,orderBy:{field:UPDATED_AT,direction:DESC}`;
    const found = await this.#ofRepository(`${FIELDS[kind]}(${recent}){nodes{${LISTED}}}`, {}, signal);
    const parsed = checkAnswer(v.object({ [FIELDS[kind]]: v.object({ nodes: v.array(listedSchema) }) }), found);
    return (parsed[FIELDS[kind]]?.nodes ?? []).map((each) => listedOf(kind, each));
  }

  override async find(kind: IssueKind, number: number, signal?: AbortSignal): Promise<ListedIssue | undefined> {
    const found = await this.#numbered(kind, number, LISTED, signal);
    return found === undefined ? undefined : listedOf(kind, checkAnswer(listedSchema, found));
  }

  override async read(kind: IssueKind, number: number, signal?: AbortSignal): Promise<WholeIssue> {
    const comments = `comments(last:${MAX_COMMENTS}){totalCount nodes{${COMMENT}}}`;
    const fields = `${LISTED} body ${comments} ${kind === 'pullRequest' ? REVIEWS : ''}`;
    const found = await this.#numbered(kind, number, fields, signal);
    if (found === undefined) return noIssue(this.repository, number);
    const whole = checkAnswer(wholeSchema, found);
    const reviews = whole.reviews?.nodes ?? [];
    const all = [
      ...whole.comments.nodes,
      ...reviews.flatMap(({ comments: ofReview, ...review }) => [review, ...ofReview.nodes]),
    ]
      .filter(({ body }) => body.trim() !== '') // an approval may say nothing
      .map(commentOf)
      .sort((one, other) => one.createdAt.localeCompare(other.createdAt));
    const unread = whole.comments.totalCount - whole.comments.nodes.length;
    const unreadReviews = (whole.reviews?.totalCount ?? 0) - reviews.length;
    return {
      ...listedOf(kind, whole),
      body: whole.body,
      comments: all.slice(-MAX_COMMENTS),
      earlierComments: unread + unreadReviews + Math.max(0, all.length - MAX_COMMENTS),
      ...(whole.headRefName === undefined || whole.baseRefName === undefined
        ? {}
        : { branches: { head: whole.headRefName, base: whole.baseRefName } }),
    };
  }

  async #search(kind: IssueKind, search: string, signal?: AbortSignal): Promise<ListedIssue[]> {
    const { path } = this.repository;
    const open = /\b(is|state):/.test(search) ? '' : 'is:open ';
    const sort = /\bsort:/.test(search) ? '' : ' sort:updated-desc';
    const query = `query($search:String!){search(query:$search,type:ISSUE,first:${MAX_LISTED}){nodes{... on ${TYPE[kind]}{${LISTED} repository{nameWithOwner}}}}}`;
    const variables = { search: `repo:${path} is:${QUALIFIER[kind]} ${open}${search}${sort}` };
    const { data } = await this.#ask(query, variables, signal);
    const listed = v.object({ ...listedSchema.entries, repository: v.object({ nameWithOwner: text }) });
    // Of the other kind there is nothing but an empty object. A typed `repo:` may find other repositories.
    const nodes = checkAnswer(v.object({ search: v.object({ nodes: v.array(v.unknown()) }) }), data).search.nodes;
    return nodes.flatMap((node) => {
      const parsed = v.safeParse(listed, node);
      const isOurs = parsed.success && parsed.output.repository.nameWithOwner.toLowerCase() === path.toLowerCase();
      return isOurs ? [listedOf(kind, parsed.output)] : [];
    });
  }

  async #numbered(kind: IssueKind, number: number, fields: string, signal?: AbortSignal): Promise<unknown> {
    const found = await this.#ofRepository(`${FIELD[kind]}(number:$number){${fields}}`, { number }, signal);
    return checkAnswer(v.object({ [FIELD[kind]]: v.nullish(v.unknown()) }), found)[FIELD[kind]] ?? undefined;
  }

  /** @throws FORGE_FAILED where there is no such repository for this user */
  async #ofRepository(fields: string, variables: { number?: number }, signal?: AbortSignal): Promise<unknown> {
    const [owner = '', name = ''] = this.repository.path.split('/');
    const number = variables.number === undefined ? '' : ',$number:Int!';
    const query = `query($owner:String!,$name:String!${number}){repository(owner:$owner,name:$name){${fields}}}`;
    const { data } = await this.#ask(query, { owner, name, ...variables }, signal);
    const parsed = v.safeParse(v.object({ repository: v.record(text, v.unknown()) }), data);
    if (parsed.success) return parsed.output.repository;
    return noRepository(this.repository);
  }

  async #ask(query: string, variables: object, signal?: AbortSignal): Promise<{ data: unknown }> {
    const input = JSON.stringify({ query, variables });
    const { json, failure } = await this.program.ask(this.repository.host, ['graphql', '--input', '-'], signal, input);
    const answer = v.safeParse(
      v.object({ data: v.nullish(v.unknown()), errors: v.optional(v.array(v.object({ type: v.optional(text) }))) }),
      json,
    );
    // Of a number or repository that is not there, `gh` prints the answer and fails.
    const errors = (answer.success && answer.output.errors) || [];
    const isNotFound = errors.length > 0 && errors.every(({ type }) => type === 'NOT_FOUND');
    if (failure !== undefined && !(failure.code === 'FORGE_FAILED' && isNotFound)) throw failure;
    return { data: answer.success ? answer.output.data : undefined };
  }
}

function listedOf(
  kind: IssueKind,
  { author, state, number, title, updatedAt }: v.InferOutput<typeof listedSchema>,
): ListedIssue {
  return { kind, number, title, author: author?.login ?? '', updatedAt, isOpen: state === 'OPEN' };
}

function commentOf({ author, createdAt, body, path }: v.InferOutput<typeof commentSchema>): IssueComment {
  return { author: author?.login ?? '', createdAt, text: body, ...(path === undefined ? {} : { path }) };
}
