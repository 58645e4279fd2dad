/** Texts with what has to be found in them, and with what looks alike and is another text. */
export const SAME_TEXTS: readonly { text: string; wanted: readonly string[]; unwanted: readonly string[] }[] = [
  { text: 'a caf\u00e9 here', wanted: ['cafe\u0301', 'CAFÉ', 'CAFE\u0301 h', 'é'], unwanted: ['cafe', 'cafè'] },
  { text: 'a cafe\u0301 there', wanted: ['caf\u00e9', 'CAFÉ', 'é t'], unwanted: ['cafe', 'cafe t'] },
  { text: 'in İstanbul', wanted: ['istanbul', 'ISTANBUL', 'İSTANBUL', 'I\u0307stanbul'], unwanted: ['ıstanbul'] },
  { text: 'in I\u0307zmir', wanted: ['izmir', 'İzmir', 'IZMIR'], unwanted: ['ızmir'] },
  { text: 'after a NUL\u0000 comes this', wanted: ['comes THIS', '\u0000 c', 'nul\u0000'], unwanted: ['nul comes'] },
  { text: 'ΟΔΟΣ ΜΟΥ', wanted: ['οδος', 'οδοσ', 'ΟΔΟΣ μ', 'ς μ'], unwanted: ['οδός'] },
  { text: 'a 300 \u212a sample', wanted: ['300 k', '300 K S'], unwanted: ['300 c'] },
  { text: 'straße', wanted: ['STRAßE'], unwanted: ['strasse'] },
  { text: '\u1112\u1161\u11ab\uae00', wanted: ['한글'], unwanted: ['하글'] },
  { text: 'tiếng Việt'.normalize('NFD'), wanted: ['TIẾNG', 'việt'], unwanted: ['tieng', 'viêt'] },
  { text: 'quoted "é\\n" line\nend', wanted: ['"É\\N" LINE\nEND', 'line\ne'], unwanted: ['line e'] },
  { text: 'which; then `this`', wanted: ['which\u037e', '\u1fefthis'], unwanted: ['which:'] },
  { text: 'that\u037e and \u1fefthat\u1fef', wanted: ['that; and', '`that`'], unwanted: ['that, and'] },
];
