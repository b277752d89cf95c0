import type { Predictor } from "../model/predictor.ts";

/** Where the process stands between its start and its end. One object, shared by the routes and the life cycle. */
export interface ServiceState {
  /** Null until the model is loaded. */
  predictor: Predictor | null;
  /** Set once, by the first TERM or INT. */
  isDraining: boolean;
}
