import type { Predictor } from "../../model/predictor.ts";

/**
 * A predictor whose answer a test can work out by hand: 5, plus 1 from two hours on, minus 1 before 1950; missing counts as
 * neither. The tests in test/integration use a trained model.
 */
export function plainPredictor(): Predictor {
  const features = ["runningTimeMin", "year"];
  return {
    info: {
      version: "0123456789ab",
      algorithm: "plain",
      featureSet: "test",
      features,
      trainCount: 1,
      dataDigest: "0".repeat(64),
      parameters: {},
      seed: 1,
    },
    predictRating(facts) {
      const seen = {
        runningTimeMin: facts.runningTimeMin ?? null,
        year: facts.releaseDate == null ? null : Number(facts.releaseDate.slice(0, 4)),
      };
      return { rating: rate(seen), features: seen };
    },
    predictFeatures(seen) {
      return rate({ runningTimeMin: seen["runningTimeMin"] ?? null, year: seen["year"] ?? null });
    },
  };
}

function rate(seen: { runningTimeMin: number | null; year: number | null }): number {
  const long = seen.runningTimeMin !== null && seen.runningTimeMin >= 120 ? 1 : 0;
  const old = seen.year !== null && seen.year < 1950 ? 1 : 0;
  return 5 + long - old;
}
