import { z } from "zod";

/**
 * Features fitted on training films: all that turns a film's facts into the model's columns. Plain JSON; it travels
 * inside the model file, so that training and serving cannot differ.
 */
export const fittedFeaturesSchema = z.strictObject({
  set: z.enum(["A", "B"]),
  /** Mean rating of the training films: the director's prior before any film. */
  meanRating: z.number(),
  /** Per fact, the values with a column of their own, in the columns' order. */
  categories: z
    .array(
      z.strictObject({
        fact: z.enum(["mpaaRating", "majorGenre", "creativeType", "source", "distributor"]),
        values: z.array(z.string()).max(100),
      }),
    )
    .max(5),
  /** Per director, the training films by date: `dates` as `dateOrder` gives them, ascending, with their ratings. */
  directors: z
    .array(z.strictObject({ name: z.string(), dates: z.array(z.number()), ratings: z.array(z.number()) }))
    .max(1_000_000),
});

export type FittedFeatures = z.infer<typeof fittedFeaturesSchema>;
export type DirectorHistory = FittedFeatures["directors"][number];
