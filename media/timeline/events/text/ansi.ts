import { visibleText } from '../../../../src/common/visibleText';

/** A part of terminal output in one style; `classes` are those of terminal.css. */
export interface StyledText {
  text: string;
  classes: string;
}

const COLOURS = ['Black', 'Red', 'Green', 'Yellow', 'Blue', 'Magenta', 'Cyan', 'White'] as const;

interface Style {
  colour: string;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

const PLAIN: Style = { colour: '', bold: false, dim: false, italic: false, underline: false };

const ESC = String.raw`\u001b`;
/** A control sequence: its parameters, then the letter that says what it does; `m` sets the style. */
const CONTROL_SEQUENCE = String.raw`${ESC}\[([0-9;:<=>?]*)[ -/]*([@-~])`;
/** A string such as a window title. One without an end on its line must not swallow the text after it. */
const CONTROL_STRING = String.raw`${ESC}[\]P^_X][^\u0007${ESC}\n]*(?:\u0007|${ESC}\\)`;
const SHORT_ESCAPE = String.raw`${ESC}[ -/][0-~]|${ESC}[0-Z\\\x60-~]`;
const ESCAPE = new RegExp([CONTROL_SEQUENCE, CONTROL_STRING, SHORT_ESCAPE].join('|'), 'g');

function apply(style: Style, parameters: string): Style {
  let next = style;
  const codes = parameters.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 0) next = PLAIN;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 3) next = { ...next, italic: true };
    else if (code === 4) next = { ...next, underline: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 23) next = { ...next, italic: false };
    else if (code === 24) next = { ...next, underline: false };
    else if (code === 39) next = { ...next, colour: '' };
    else if (code >= 30 && code <= 37) next = { ...next, colour: `ansi${COLOURS[code - 30] ?? ''}` };
    else if (code >= 90 && code <= 97) next = { ...next, colour: `ansiBright${COLOURS[code - 90] ?? ''}` };
    else if (code === 38 || code === 48 || code === 58) {
      // Colours beyond the theme's sixteen may be unreadable on it, so their parameters are skipped.
      index += codes[index + 1] === 2 ? 4 : 2;
    }
  }
  return next;
}

function classesOf(style: Style): string {
  return [
    style.colour,
    style.bold && 'bold',
    style.dim && 'dim',
    style.italic && 'italic',
    style.underline && 'underline',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Terminal output as styled text: styles are kept, other escape sequences are removed, other controls made visible. */
export function styledText(output: string): StyledText[] {
  const parts: StyledText[] = [];
  let style = PLAIN;
  let from = 0;
  const push = (to: number): void => {
    if (to > from) parts.push({ text: visibleText(output.slice(from, to)), classes: classesOf(style) });
  };
  for (const match of output.matchAll(ESCAPE)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = apply(style, match[1] ?? '');
  }
  push(output.length);
  return parts;
}
