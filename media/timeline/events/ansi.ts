import { visibleText } from '../../shared/plainText';

/** A stretch of terminal output in one style. `classes` name the terminal's own theme colours. */
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

// CSI sequences; OSC, DCS, PM, APC and SOS up to their terminator on the same line (one without an end must not swallow what follows);
// then the escapes of two or three characters.
const ESCAPE =
  // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
  /\u001b\[([0-9;:<=>?]*)[ -/]*([@-~])|\u001b[\]P^_X][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|\u001b[ -/][0-~]|\u001b[0-Z\\`-~]/g;

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
      // Colours beyond the theme's sixteen could be unreadable on it: their parameters are skipped.
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

/** Terminal output as styled text: colours are kept, every other escape sequence is taken out, all else is made visible. */
export function styledText(output: string): StyledText[] {
  const stretches: StyledText[] = [];
  let style = PLAIN;
  let from = 0;
  const push = (to: number): void => {
    if (to > from) stretches.push({ text: visibleText(output.slice(from, to)), classes: classesOf(style) });
  };
  for (const match of output.matchAll(ESCAPE)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = apply(style, match[1] ?? '');
  }
  push(output.length);
  return stretches;
}
