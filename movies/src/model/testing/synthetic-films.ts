import { filmKey } from "../../films/film-key.ts";
import type { LabelledFilm } from "../../films/film.ts";
import { seededRandom } from "../random.ts";

const GENRES = ["Drama", "Comedy", "Action", "Horror"];
const RATINGS = ["PG", "PG-13", "R"];
const SOURCES = ["Original Screenplay", "Remake"];
const DISTRIBUTORS = ["Aurora", "Borealis", "Corona"];
const DIRECTORS = ["Ada North", "Ben South", "Cleo East"];

/** Made-up films, the same for the same seed; genre, budget and director tell something of their ratings. */
export function syntheticFilms(count: number, seed = 1): LabelledFilm[] {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): number => Math.floor(random() * items.length);
  const orUnknown = <T>(value: T, share: number): T | null => (random() < share ? null : value);
  return Array.from({ length: count }, (_, index) => {
    const [genre, director] = [pick(GENRES), pick(DIRECTORS)];
    const budget = Math.round(10 ** (5.5 + 2.5 * random()));
    const title = `Made-up Film ${index + 1}`;
    const rating = 5 + 0.5 * genre + 0.6 * director + 0.2 * Math.log10(budget) * random();
    const month = String(1 + Math.floor(12 * random())).padStart(2, "0");
    return {
      key: filmKey(title),
      facts: {
        title,
        releaseDate: `${1980 + Math.floor(30 * random())}-${month}-15`,
        productionBudget: orUnknown(budget, 0.1),
        runningTimeMin: orUnknown(80 + Math.floor(80 * random()), 0.4),
        mpaaRating: orUnknown(RATINGS[pick(RATINGS)] ?? null, 0.2),
        majorGenre: GENRES[genre] ?? null,
        creativeType: "Contemporary Fiction",
        source: orUnknown(SOURCES[pick(SOURCES)] ?? null, 0.1),
        distributor: DISTRIBUTORS[pick(DISTRIBUTORS)] ?? null,
        director: orUnknown(DIRECTORS[director] ?? null, 0.3),
      },
      aftermath: {
        votes: 100 + Math.floor(10_000 * random()),
        usGross: orUnknown(Math.floor(3 * budget * random()), 0.1),
        worldwideGross: orUnknown(Math.floor(6 * budget * random()), 0.1),
        usDvdSales: orUnknown(Math.floor(budget * random()), 0.7),
      },
      rating: Math.min(10, Math.round(10 * rating) / 10),
    };
  });
}
