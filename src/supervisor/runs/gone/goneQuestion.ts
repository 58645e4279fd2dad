/** What is known of something that cannot be told dead from alive. */
export interface GoneSuspect {
  /** Undefined where nothing names it, such as a claim that cannot be read. */
  process?: { host: string; pid: number; isHere: boolean; isStopped: boolean };
  since: string;
}

/** What a person can say to be gone of a session: its run, and whoever holds its locks. */
export interface GoneQuestion {
  run?: GoneSuspect & { lastEventAt?: string };
  locks: (GoneSuspect & { name: string; lastSignAt: string })[];
}
