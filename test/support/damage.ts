/** Lines of real agents, damaged in every way that a crash, a full pipe or a careless tool can do it. */
import { readRecording, recordingNames } from './recording';

/** As many as a driver has to survive; fewer in the everyday run. */
export const DAMAGED_LINES = Number(process.env['CORRAL_FUZZ_LINES'] ?? 10_000);
export const SEED = 20_261_121;

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A line that may be cut, glued to another, changed in a byte or a value, renamed, or nested too deep. */
export function damage(line: string, other: string, random: () => number): string {
  const at = Math.floor(random() * line.length);
  const bytes = Buffer.from(line);
  switch (Math.floor(random() * 11)) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line + other;
    case 2:
      return `a tool printed this ${line}`;
    case 3:
      bytes[Math.min(at, bytes.length - 1)] = Math.floor(random() * 256);
      return bytes.toString('utf8');
    case 4:
      return line.replace(/"[^"]*"/g, (text) => (random() < 0.1 ? '[[]]' : text));
    case 5:
      return line.replace(/:(true|false|null|-?\d+)/g, (text) => (random() < 0.3 ? ':{"x":"\ud800"}' : text));
    case 6:
      return line.replace(/:"[^"]*"/g, (text) => (random() < 0.2 ? ':null' : text));
    case 7:
      return line.replace(/:(\{|"|\d)/, (_text, start: string) => `:${'['.repeat(5_000)}${']'.repeat(5_000)},"after":${start}`);
    case 8:
      return line.replace('"content":', '"__proto__":{"x":1},"content":');
    case 9:
      return line.replace(/"[a-z_]+":/, () => '"renamed":');
    default:
      return line;
  }
}

/** What the agent wrote, in all recordings that fit. */
export async function realLines(fits: RegExp): Promise<string[]> {
  const recordings = await Promise.all(recordingNames(fits).map((name) => readRecording(name)));
  return recordings.flat().flatMap((line) => {
    if (!line.startsWith('{"dir"')) return [line];
    const json: unknown = JSON.parse(line);
    if (typeof json !== 'object' || json === null || !('dir' in json)) return [line];
    return json.dir === 'out' && 'msg' in json ? [JSON.stringify(json.msg)] : [];
  });
}
