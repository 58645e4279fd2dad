/** Which notices a person wants, and where. */
import * as v from 'valibot';

/** `unfocused`: where nobody looks at the session, neither at its timeline nor at the list of sessions. */
const NOTICE_CHOICES = ['always', 'unfocused', 'never'] as const;
export type NoticeChoice = (typeof NOTICE_CHOICES)[number];

/** What there are notices of. `limits` are those of use and of the budget. */
export type NoticeKind = 'questions' | 'ends' | 'failures' | 'limits';
export type NoticeSettings = Record<NoticeKind, NoticeChoice>;

/** What earlier versions called `unfocused`, in a setting about ends alone. */
const OLDER_WORD = 'whenHidden';
const choiceSchema = v.fallback(
  v.optional(
    v.pipe(
      v.picklist([...NOTICE_CHOICES, OLDER_WORD]),
      v.transform((choice): NoticeChoice => (choice === OLDER_WORD ? 'unfocused' : choice)),
    ),
  ),
  undefined,
);
const settingSchema = v.fallback(
  v.object({ questions: choiceSchema, ends: choiceSchema, failures: choiceSchema, limits: choiceSchema }),
  {},
);

/** The setting as it holds. A failure is told like any other end where it has no choice of its own. */
export function noticeSettings(setting: unknown): NoticeSettings {
  const { questions, ends = 'unfocused', failures, limits } = v.parse(settingSchema, setting);
  return { questions: questions ?? 'unfocused', ends, failures: failures ?? ends, limits: limits ?? 'unfocused' };
}

/** What a person has before them in this window. */
export interface Sight {
  isWindowFocused: boolean;
  isListVisible: boolean;
  /** The session's timeline is the active editor. */
  isTimelineActive: boolean;
}

/** True where a notice tells something new. What stands in the timeline before a person needs no notice. */
export function isToTell(choice: NoticeChoice, { isWindowFocused, isListVisible, isTimelineActive }: Sight): boolean {
  if (choice === 'never' || (isWindowFocused && isTimelineActive)) return false;
  return choice === 'always' || !(isWindowFocused && isListVisible);
}
