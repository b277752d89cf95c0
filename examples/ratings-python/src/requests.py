"""What may be asked of the service."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.films import Facts, parse_date

Label = Annotated[str, Field(min_length=1, max_length=100)]


class FilmRequest(BaseModel):
    """A film as far as it is known before its release. Money in US dollars, times in minutes."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: Annotated[str, Field(min_length=1, max_length=300)]
    releaseDate: str | None = None
    productionBudget: Annotated[float, Field(ge=1000, le=5_000_000_000)] | None = None
    runningTimeMin: Annotated[float, Field(ge=1, le=1000)] | None = None
    mpaaRating: Label | None = None
    majorGenre: Label | None = None
    creativeType: Label | None = None
    source: Label | None = None
    distributor: Label | None = None
    director: Label | None = None

    @field_validator("releaseDate")
    @classmethod
    def _date_exists(cls, text: str | None) -> str | None:
        if text is not None:
            parse_date(text)
        return text

    def facts(self) -> Facts:
        """As the model knows films."""
        return Facts(
            title=self.title,
            date=None if self.releaseDate is None else parse_date(self.releaseDate),
            budget=self.productionBudget,
            minutes=self.runningTimeMin,
            mpaa=self.mpaaRating,
            genre=self.majorGenre,
            creative_type=self.creativeType,
            source=self.source,
            distributor=self.distributor,
            director=self.director,
        )


class BatchRequest(BaseModel):
    """Up to a thousand films."""

    model_config = ConfigDict(extra="forbid")

    films: Annotated[list[FilmRequest], Field(min_length=1, max_length=1000)]
