import { shorten } from '../../common/shorten';

/** A text that is longer says nothing more about a problem, and more about a person. */
const MAX_LINE_LENGTH = 500;
/** Names and the value after them, as in `API_KEY=…` or `"token": "…"`. */
const NAMED_SECRET =
  /\b([\w-]*(?:token|secret|password|passwd|api[_-]?key|authorization|credential|cookie)[\w-]*["']?\s*[:=]\s*["']?)(?:bearer\s+)?[^\s"',;&]+/gi;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** Keys of well-known services, and whatever else is long and has letters and digits mixed. */
const KEY =
  /\b(?:sk|pk|ghp|gho|ghs|ghu|github_pat|glpat|xox[a-z]|AKIA|AIza|hf|npm)[-_]?[\w-]{12,}\b|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}\b/g;
const ADDRESS = /\b([a-z][\w+.-]*:\/\/)[^\s/@]+@/gi;
const MAIL = /\b[\w.+-]+@[\w-]+\.[\w.-]+\b/g;
/** What people and agents wrote stands between such quotes in messages. */
const QUOTED = /“[^”\n]*(?:”|$)/gm;
const PATH = /(?<![\w.~-])(?:[A-Za-z]:[\\/]|\/)(?:[^\s/\\:"'<>|()]+[\\/])+([^\s/\\:"'<>|(),;]*)/g;

export interface KnownSecrets {
  /** The person's home folder. */
  home: string;
  /** Texts such as prompts and titles. */
  texts: readonly string[];
}

/** A log without what people and agents wrote, secrets, and the folders of this computer. */
export function redact(log: string, { home, texts }: KnownSecrets): string {
  const longestFirst = texts.filter((text) => text.trim().length > 2).sort((a, b) => b.length - a.length);
  let text = log;
  for (const each of longestFirst) text = text.replaceAll(each, '<text>');
  if (home.length > 1) text = text.replaceAll(home, '~');
  return text
    .replace(QUOTED, '“<text>”')
    .replace(ADDRESS, '$1<user>@')
    .replace(NAMED_SECRET, '$1<secret>')
    .replace(BEARER, '$1 <secret>')
    .replace(KEY, '<secret>')
    .replace(MAIL, '<address>')
    .replace(PATH, (_path, name: string) => (name === '' ? '<folder>' : `<folder>/${name}`))
    .split('\n')
    .map((line) => shorten(line, MAX_LINE_LENGTH))
    .join('\n');
}
