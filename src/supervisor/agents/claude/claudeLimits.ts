/** What Claude tells of the usage limits of an account that is signed in; with a key it tells nothing. */
import * as v from 'valibot';
import type { EventData, UsageLimit } from '../../../storage/events';
import { lenient, text } from '../driver/schemas';
import type { TurnEnd } from '../driver/turns';
import { limitInWords, usageLimit } from '../driver/limits/usageLimit';

export const rateLimitSchema = v.object({
  type: v.literal('rate_limit_event'),
  rate_limit_info: v.object({
    status: v.picklist(['allowed', 'allowed_warning', 'rejected']),
    /** Seconds since 1970. */
    resetsAt: lenient(v.pipe(v.number(), v.finite())),
    /** Such as `five_hour`. */
    rateLimitType: lenient(text),
  }),
});

/** Joins the notice of a limit with the failure of the request that met it. */
export class ClaudeLimits {
  /** Of the last notice, which also comes where paid usage lets the request through. */
  #rejected: UsageLimit | undefined;
  #isTold = false;

  read({ rate_limit_info: info }: v.InferOutput<typeof rateLimitSchema>): void {
    if (info.status !== 'rejected') {
      this.#rejected = undefined;
      return;
    }
    this.#rejected = usageLimit(info.resetsAt === undefined ? undefined : info.resetsAt * 1000, info.rateLimitType);
    this.#isTold = false;
  }

  /** The data of a failed request's error. */
  errorOf(message: string, code: string | undefined): EventData<'error'> {
    const limit = code === undefined || code === 'rate_limit' ? this.#rejected : undefined;
    const told = limit ?? limitInWords(message);
    if (told !== undefined) this.#isTold = true;
    return { message, ...(code ? { code } : {}), ...(told === undefined ? {} : { limit: told }) };
  }

  /** The error of a turn that failed at the limit, where no message has told it. */
  takeUntold({ stopReason, message = '' }: TurnEnd): EventData<'error'>[] {
    if (stopReason !== 'api_error' || this.#rejected === undefined || this.#isTold) return [];
    return [this.errorOf(message, undefined)];
  }
}
