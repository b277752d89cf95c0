import type { Json } from "../../base/json.ts";
import type { Notice } from "./notice.ts";

/**
 * The port to one place where notices go. `deliver` is called for one notice of a subject at a time, in their order. It never
 * rejects, ends soon after its signal is aborted, and is safe to repeat: a notice that has arrived is found there.
 */
export interface NoticeChannel {
  /** Which place it is, for people and as the outbox's key: `github shop/films`. */
  readonly name: string;
  deliver(delivery: Delivery, signal: AbortSignal): Promise<DeliveryAnswer>;
}

export interface Delivery {
  readonly notice: Notice;
  /** What was learnt about the subject by earlier deliveries; null: nothing. */
  readonly memory: Json;
  /** True: this notice, or a later one, may have arrived already. Look first. */
  readonly isUncertain: boolean;
  /** False: the subject was over before anybody here heard of it, so what the place does not know is left unsaid. */
  readonly mayCreate: boolean;
}

export type DeliveryAnswer =
  /** It is there. `isNew`: by this very call, so that nothing later can be there already. */
  | { readonly kind: "delivered"; readonly memory: Json; readonly isNew: boolean }
  /** Not now: a fault that may pass. It may have arrived all the same. `waitMs`: what the place asked for. */
  | { readonly kind: "later"; readonly memory: Json; readonly why: string; readonly waitMs: number | null }
  /** Not at all, as long as nobody changes something. */
  | { readonly kind: "refused"; readonly memory: Json; readonly why: string; readonly remedy: string };

/** What the module of a code host exports. Null: there is nobody to tell here, `why` in one clause. */
export interface NoticeChannelModule {
  openNoticeChannel(options: {
    readonly options: { readonly [name: string]: Json };
    readonly env: Readonly<Record<string, string | undefined>>;
  }): NoticeChannel | { readonly unavailableBecause: string };
}
