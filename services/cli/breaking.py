"""Finds what a client written for one schema of the HTTP interface would trip over in another.

What is asked of a client may only shrink, what it is given may only grow: both are compared
through every reference, so that renaming a model is no change and nothing hides behind one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

# What people read and programs do not; a baseline does without it.
_PROSE: Final = frozenset(
    {"title", "description", "summary", "tags", "example", "examples", "default", "operationId"}
)
# Of a limit that is lower, or higher, fewer values hold.
_UPPER: Final = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_LOWER: Final = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_SAME: Final = ("pattern", "format", "multipleOf")
_CHOICES: Final = ("anyOf", "oneOf")
_SUCCESS: Final = "2"


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """A sentence for each thing that held by the old schema and no longer does."""
    return sorted(set(_Comparison(old, new).whole()))


def compact(schema: Schema) -> str:
    """What a baseline keeps: no prose, no refusals; a line for each path and model."""
    lines = []
    for path, item in sorted(schema["paths"].items()):
        kept = {method: _kept_operation(told) for method, told in sorted(item.items())}
        lines.append(f"  {json.dumps(path)}: {_line(kept)}")
    used = _reached(schema)
    models = [
        f"  {json.dumps(name)}: {_line(_bare(model))}"
        for name, model in sorted(schema["components"]["schemas"].items())
        if name in used
    ]
    paths = ",\n".join(lines)
    return (
        f'{{"paths": {{\n{paths}\n}},\n"components": {{"schemas": {{\n'
        + ",\n".join(models)
        + "\n}}}\n"
    )


def _line(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _kept_operation(told: Schema) -> Schema:
    given = {
        status: {"content": response.get("content", {})}
        for status, response in told["responses"].items()
        if status.startswith(_SUCCESS)
    }
    asked = {name: told[name] for name in ("parameters", "requestBody") if name in told}
    kept: Schema = _bare({**asked, "responses": given})
    return kept


def _bare(told: Any, *, names: bool = False) -> Any:
    """Without prose; under `properties` every key is a name and is kept."""
    if isinstance(told, list):
        return [_bare(each) for each in told]
    if not isinstance(told, Mapping):
        return told
    return {
        name: _bare(value, names=name == "properties" and not names)
        for name, value in told.items()
        if names or name not in _PROSE
    }


def _reached(schema: Schema) -> set[str]:
    """The models a success or a request leads to."""
    models = schema["components"]["schemas"]
    operations = [told for item in schema["paths"].values() for told in item.values()]
    waiting = list(_referred([_kept_operation(told) for told in operations]))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _referred(models[name])
    return found


def _referred(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for each in told:
            yield from _referred(each)
    elif isinstance(told, Mapping):
        if isinstance(told.get("$ref"), str):
            yield told["$ref"].rpartition("/")[2]
        for value in told.values():
            yield from _referred(value)


@dataclass
class _Comparison:
    """Walks both schemas side by side; a pair of models is looked at once in each direction."""

    old: Schema
    new: Schema
    _seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def whole(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method, told in item.items():
                call = f"{method.upper()} {path}"
                now = self.new["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{call} is gone"
                else:
                    yield from self._operation(call, told, now)

    def _operation(self, call: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._parameters(call, old, new)
        before, after = old.get("requestBody"), new.get("requestBody")
        if after and after.get("required") and not (before or {}).get("required"):
            yield f"{call}: a body is required now"
        if before and not after:
            yield f"{call}: no body is taken any more"
        if before and after:
            yield from self._contents(f"{call} body", before, after, asked=True)
        for status, response in old["responses"].items():
            if not status.startswith(_SUCCESS):
                continue
            if status not in new["responses"]:
                yield f"{call}: it no longer answers {status}"
            else:
                place = f"{call} {status}"
                yield from self._contents(place, response, new["responses"][status], asked=False)

    def _parameters(self, call: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _by_name(old), _by_name(new)
        for name, told in after.items():
            if told.get("required") and not before.get(name, {}).get("required"):
                yield f"{call}: {name} is required now"
        for name, told in before.items():
            if name not in after:
                yield f"{call}: {name} is no longer taken"
                continue
            yield from self._schema(
                f"{call} {name}", told["schema"], after[name]["schema"], asked=True
            )

    def _contents(self, place: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        after = new.get("content", {})
        for media, told in old.get("content", {}).items():
            if media not in after:
                yield f"{place}: {media} is gone"
                continue
            yield from self._schema(
                place, told.get("schema", {}), after[media].get("schema", {}), asked=asked
            )

    def _schema(self, place: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        """What was sent must still be taken; what is given must be what was given before."""
        pair = (str(old.get("$ref")), str(new.get("$ref")), asked)
        if "$ref" in old and "$ref" in new:
            if pair in self._seen:
                return
            self._seen.add(pair)
        before, after = _shapes(old, self.old), _shapes(new, self.new)
        # Asked: each shape of before fits one of now. Given: each shape of now fits one of before.
        fitting, among = (before, after) if asked else (after, before)
        for shape in fitting:
            yield from self._fit(place, shape, among, asked=asked)

    def _fit(
        self, place: str, shape: Schema, among: Sequence[Schema], *, asked: bool
    ) -> Iterator[str]:
        found: list[list[str]] = []
        for other in among:
            if "type" in other and other.get("type") != shape.get("type"):
                continue
            old, new = (shape, other) if asked else (other, shape)
            kept = set(self._seen)
            problems = list(self._shape(place, old, new, asked=asked))
            if not problems:
                return
            # What was seen on a way that did not fit may be looked at again on another.
            self._seen = kept
            found.append(problems)
        if found:
            yield from min(found, key=len)
        elif asked:
            yield f"{place}: {shape.get('type', 'anything')} is no longer taken"
        else:
            yield f"{place}: it may be {shape.get('type', 'anything')} now"

    def _shape(self, place: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        if asked:
            yield from _narrowed(place, old, new)
        yield from self._fields(place, old, new, asked=asked)
        for name, step in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(name), new.get(name)
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                yield from self._schema(f"{place}{step}", before, after, asked=asked)

    def _fields(self, place: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, kept = set(old.get("required", ())), set(new.get("required", ()))
        if asked:
            yield from (f"{place}: {name} is required now" for name in sorted(kept - needed))
            closed = new.get("additionalProperties") is False
            gone = sorted(set(before) - set(after)) if closed else []
            yield from (f"{place}: {name} is no longer taken" for name in gone)
        else:
            yield from (f"{place}: {name} is gone" for name in sorted(set(before) - set(after)))
            loose = sorted((needed - kept) & set(after))
            yield from (f"{place}: {name} may be missing now" for name in loose)
        for name in sorted(set(before) & set(after)):
            yield from self._schema(f"{place}.{name}", before[name], after[name], asked=asked)


def _by_name(operation: Schema) -> dict[str, Schema]:
    return {f"{each['in']} {each['name']}": each for each in operation.get("parameters", ())}


def _shapes(schema: Schema, whole: Schema) -> list[Schema]:
    """The single things a schema may be: references followed, alternatives apart."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _shapes(whole["components"]["schemas"][name], whole)
    for choice in _CHOICES:
        if choice in schema:
            return [shape for part in schema[choice] for shape in _shapes(part, whole)]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema]


def _narrowed(place: str, old: Schema, new: Schema) -> Iterator[str]:
    """Limits of what is sent that are tighter than they were."""
    before, after = _values(old), _values(new)
    if after is not None:
        gone = "any other value" if before is None else ", ".join(sorted(before - after))
        if gone:
            yield f"{place}: {gone} is no longer taken"
    for name in _UPPER:
        if name in new and (name not in old or new[name] < old[name]):
            yield f"{place}: {name} is {new[name]} now"
    for name in _LOWER:
        if name in new and (name not in old or new[name] > old[name]):
            yield f"{place}: {name} is {new[name]} now"
    for name in _SAME:
        if name in new and new[name] != old.get(name):
            yield f"{place}: {name} is {new[name]} now"


def _values(schema: Schema) -> set[str] | None:
    """The values that are taken, or None where every one of the type is."""
    if "const" in schema:
        return {json.dumps(schema["const"])}
    return {json.dumps(each) for each in schema["enum"]} if "enum" in schema else None
