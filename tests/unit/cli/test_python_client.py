"""The Python client's modules, out of a schema that has one of everything."""

from typing import Any

from services.cli.python_client import write_client

PROBLEM = {"404": {"description": "`not_found`"}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
    return {status: {"content": {"application/json": {"schema": schema}}}} | PROBLEM


PAGE = {"properties": {"items": {"type": "array", "items": ref("Dog")}, "next_cursor": {}}}
SCHEMAS: dict[str, Any] = {
    "Color": {"type": "string", "enum": ["red", "brown"]},
    "Dog": {
        "type": "object",
        "required": ["id", "color"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "color": ref("Color"),
            "owner": {"anyOf": [ref("services__api__schemas__people__Person"), {"type": "null"}]},
            "marks": {"type": "object", "additionalProperties": {"type": "integer"}},
            "kind": {"const": "dog", "type": "string"},
        },
    },
    "Walk": {
        "type": "object",
        "required": ["from"],
        "properties": {"from": {"type": "string"}, "in": ref("Color")},
    },
    "services__api__schemas__people__Person": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
    },
    "Page_Dog_": PAGE,
}


def operation(name: str, responses: dict[str, Any], *parameters: Any, **more: Any) -> Any:
    base = {"operationId": f"good_dogs.{name}", "summary": "Do it", "parameters": parameters}
    return base | {"responses": responses} | more


def asked(name: str, schema: dict[str, Any], where: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": schema} | more


BODY = {"content": {"application/json": {"schema": ref("Walk")}}}
SINCE = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
KEY = asked("Idempotency-Key", {"type": "string"}, "header")
SCHEMA: dict[str, Any] = {
    "components": {"schemas": SCHEMAS},
    "paths": {
        "/dogs": {
            "get": operation(
                "list_dogs",
                answer(ref("Page_Dog_")),
                asked("color", {"type": "array", "items": ref("Color")}),
                asked("from", SINCE),
                asked("q", {"type": "string"}, required=True),
            ),
            "post": operation("walk", answer(ref("Dog"), "201"), KEY, requestBody=BODY),
        },
        "/dogs/{dog_id}": {"delete": operation("del", {"204": {}} | PROBLEM)},
        "/bark": {"get": operation("bark", {"200": {"content": {"text/plain": {}}}})},
        "/stream": {"get": operation("hear", {"200": {"content": {"text/event-stream": {}}}})},
        "/signed": {"post": operation("sign", {"202": {}}, asked("webhook-id", {}, "header"))},
    },
}


def test_a_model_is_a_typed_dictionary_whatever_its_fields_are_called() -> None:
    models = write_client(SCHEMA)["models.py"]
    assert "\nColor: TypeAlias = \"Literal['red', 'brown']\"\n" in models
    dog = models[models.index("class Dog(TypedDict):") :]
    assert dog.splitlines()[1:6] == [
        "    id: str",
        "    color: Color",
        "    owner: NotRequired[PeoplePerson | None]",
        "    marks: NotRequired[dict[str, int]]",
        '    kind: NotRequired[Literal["dog"]]',
    ]
    assert '"from": "str",\n        "in": "NotRequired[Color]",' in models
    assert "Page" not in models


def test_an_operation_is_a_call_that_knows_its_answer() -> None:
    text = write_client(SCHEMA)["operations.py"]
    calls = "".join(text[text.index("class GoodDogs:") :].split())
    for part in (
        "deflist_dogs(*,color:Sequence[models.Color]|None=None,from_:datetime|str|None=None,q:str,)",
        "->Call[Page[models.Dog]]:",
        'Call("GET","/dogs",params={"color":color,"from":from_,"q":q},)',
        "defwalk(body:models.Walk|None=None)->Call[models.Dog]:",
        'Call("POST","/dogs",body=body,once=True)',
        "defdel_(dog_id:UUID|str)->Call[None]:",
        "defbark()->Call[str]:",
    ):
        assert part in calls, part
    assert "hear" not in calls
    assert "sign" not in calls
    for module in write_client(SCHEMA).values():
        compile(module, "made", "exec")
