/** The issue or pull request for which a session works, as its forge names it. */
import * as v from 'valibot';

const text = v.string();

export const FORGES = ['github', 'gitlab'] as const;
/** Where issues and pull requests are kept: GitHub or GitLab, or a server of a company's own with its software. */
export type ForgeName = (typeof FORGES)[number];

export const ISSUE_KINDS = ['issue', 'pullRequest'] as const;
/** On GitLab, a pull request is a merge request. */
export type IssueKind = (typeof ISSUE_KINDS)[number];

/** No character that could end a link in Markdown or HTML. */
const PAGE = /^https:\/\/[\w.~:/?#@!$&*+,;=%-]+$/;

export const issueReferenceSchema = v.object({
  forge: v.picklist(FORGES),
  kind: v.picklist(ISSUE_KINDS),
  number: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** As its author wrote it. */
  title: text,
  /** `owner/name`; on GitLab with all groups. */
  repository: v.pipe(text, v.regex(/^[\w.~-]+(\/[\w.~-]+)+$/)),
  /** The address of its page. */
  url: v.pipe(text, v.regex(PAGE)),
});
export type IssueReference = v.InferOutput<typeof issueReferenceSchema>;

/** `#12`, and `!12` for a merge request of GitLab. */
export function issueLabel({ forge, kind, number }: Pick<IssueReference, 'forge' | 'kind' | 'number'>): string {
  return `${forge === 'gitlab' && kind === 'pullRequest' ? '!' : '#'}${number}`;
}
