import './icons.css';

/** SVG paths on a 16 × 16 grid, drawn as strokes. */
const PATHS = {
  read: 'M4 1.5h5.5L12.5 4.5v10H4zM9 1.5v3.5h3.5M6 8h4.5M6 11h4.5',
  edit: 'M10.5 2.5l3 3L6 13l-3.5.5L3 10zM8.5 4.5l3 3',
  delete: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4',
  move: 'M2 8h11M9.5 4.5L13 8l-3.5 3.5',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.3 10.3L14 14',
  execute: 'M1.5 2.5h13v11h-13zM4 6l2.5 2L4 10M8 10.5h4',
  fetch: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM1.5 8h13M8 1.5c4 3.5 4 9.5 0 13M8 1.5c-4 3.5-4 9.5 0 13',
  think: 'M8 1.5a4.5 4.5 0 0 1 2.5 8.2V12h-5V9.7A4.5 4.5 0 0 1 8 1.5zM6 14.5h4',
  other: 'M8 5.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2',
  user: 'M8 2a3 3 0 1 1 0 6a3 3 0 0 1 0-6zM2.5 14c.5-3.5 3-4.5 5.5-4.5s5 1 5.5 4.5',
  assistant: 'M2 2.5h12v8.5H8l-3.5 3V11H2z',
  system: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM8 7v4.5M8 4.2v.6',
  plan: 'M2 3.5l1 1 1.5-2M2 8l1 1 1.5-2M2 12.5l1 1 1.5-2M7 4h7M7 8.5h7M7 13h7',
  permission: 'M3.5 7h9v7h-9zM5.5 7V4.5a2.5 2.5 0 0 1 5 0V7M8 9.5v2',
  error: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM5.5 5.5l5 5M10.5 5.5l-5 5',
  snapshot: 'M1.5 4.5h3l1-2h5l1 2h3v9h-13zM8 6.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5z',
  run: 'M4 2.5v11l9-5.5z',
  usage: 'M2 14V9M6 14V5M10 14V7M14 14V2',
  ok: 'M2.5 8.5l3.5 3.5 7.5-8',
  failed: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  denied: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM3.5 3.5l9 9',
  pause: 'M5 3v10M11 3v10',
  stepBack: 'M11.5 3L6 8l5.5 5zM4 3v10',
  stepForward: 'M4.5 3L10 8l-5.5 5zM12 3v10',
  toStart: 'M13.5 3L9 8l4.5 5zM8 3L3.5 8L8 13zM2 3v10',
  toEnd: 'M2.5 3L7 8l-4.5 5zM8 3l4.5 5L8 13zM14 3v10',
  previous: 'M10.5 3.5L6 8l4.5 4.5',
  next: 'M5.5 3.5L10 8l-4.5 4.5',
  link: 'M7 9.5a2.5 2.5 0 0 0 3.5 0l3-3a2.5 2.5 0 0 0-3.5-3.5l-1 1M9 6.5a2.5 2.5 0 0 0-3.5 0l-3 3A2.5 2.5 0 0 0 6 13l1-1',
  down: 'M8 2.5v10M4 9l4 4 4-4',
  up: 'M8 13.5v-10M4 7l4-4 4 4',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  copy: 'M5.5 5.5h8v9h-8zM10.5 5.5v-4h-8v9h3',
  filter: 'M2 4h12M4.5 8h7M6.5 12h3',
  settings: 'M2 4.5h8M13 4.5h1M10 3v3h3V3zM2 11.5h1M6 11.5h8M3 10v3h3v-3z',
  issue: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM8 6.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 0 1 0-3z',
  agent: 'M3 6h10v7.5H3zM8 6V3M6.5 2.5h3M5.8 9v1M10.2 9v1M1.5 8.5v2.5M14.5 8.5v2.5',
  model: 'M8 1.5l1.6 4.9 4.9 1.6-4.9 1.6L8 14.5l-1.6-4.9L1.5 8l4.9-1.6z',
  computer: 'M1.5 2.5h13v8h-13zM8 10.5v3M5 13.5h6',
  repository: 'M3.5 2h9v12h-9zM3.5 11h9M5.5 2v9',
  branch:
    'M5 2.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 0 1 0-3zM5 10.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 0 1 0-3zM11 4.5a1.5 1.5 0 1 1 0 3a1.5 1.5 0 0 1 0-3zM5 5.5v5M11 7.5c0 2-6 1-6 3',
  shield: 'M8 1.5l5 2v4c0 3.5-2 5.7-5 7-3-1.3-5-3.5-5-7v-4z',
  clock: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM8 4.5V8l2.5 2',
  attach: 'M11 4.5v6a3 3 0 0 1-6 0V4a2 2 0 0 1 4 0v6a1 1 0 0 1-2 0V5',
  send: 'M2 2.5L14 8 2 13.5l1.5-5.5zM3.5 8H14',
} as const;
export type IconName = keyof typeof PATHS;

/** Decoration, hidden from screen readers: the text beside it says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
