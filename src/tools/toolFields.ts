import type { ToolDetail } from './toolDescription';

/** The fields of a tool's input. What is taken is shown by who takes it; the rest becomes details. */
export class ToolFields {
  readonly #rest: Map<string, unknown>;

  constructor(input: unknown) {
    this.#rest = new Map(isRecord(input) ? Object.entries(input) : []);
  }

  /** True where there is such a field. */
  has(name: string): boolean {
    return this.#rest.has(name);
  }

  value(name: string): unknown {
    return this.#rest.get(name);
  }

  /** Takes the first of these fields that is a text. */
  text(...names: readonly string[]): string | undefined {
    return this.#take(names, (value): value is string => typeof value === 'string');
  }

  /** Takes the first of these fields that is a whole number. */
  count(...names: readonly string[]): number | undefined {
    return this.#take(names, (value): value is number => Number.isInteger(value));
  }

  /** Takes the first of these fields that is a list. */
  list(...names: readonly string[]): readonly unknown[] | undefined {
    return this.#take(names, (value): value is readonly unknown[] => Array.isArray(value));
  }

  /** Takes the field where it is a list of texts. */
  words(name: string): readonly string[] | undefined {
    return this.#take([name], isTexts);
  }

  /** Takes the field where it has this very value. */
  equals(name: string, value: unknown): boolean {
    return this.#take([name], (own): own is unknown => own === value) !== undefined;
  }

  /** Puts back what turned out to be something else. */
  restore(name: string, value: unknown): void {
    this.#rest.set(name, value);
  }

  /** What nobody took, without what is empty. */
  details(): ToolDetail[] {
    return [...this.#rest].flatMap(([name, value]) =>
      value === undefined || value === null || value === '' ? [] : [{ name, value: valueText(value) }],
    );
  }

  #take<T>(names: readonly string[], fits: (value: unknown) => value is T): T | undefined {
    for (const name of names) {
      const value = this.#rest.get(name);
      if (!fits(value)) continue;
      this.#rest.delete(name);
      return value;
    }
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text as it is, a list of texts by lines, everything else as indented JSON. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const isLines = isTexts(value) && value.every((item) => /^[^\n\r]+$/.test(item));
  return isLines ? value.join('\n') : JSON.stringify(value, undefined, 2);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
