"""What alerts say is read and set over HTTP, and refused with the place of what is wrong."""

import httpx


async def test_texts_are_set_as_a_whole_and_read_back(api: httpx.AsyncClient) -> None:
    path = "/v1/alert-texts"
    nothing = {"templates": {}, "message_text_leaves": False}
    assert (await api.get(path)).json() == {**nothing, "version": 0}
    own = {"templates": {"firing": {"zh": "{{tier}}！"}}, "message_text_leaves": True}
    assert (await api.put(path, json=own)).json() == {**own, "version": 1}
    assert (await api.get(path)).json() == {**own, "version": 1}
    assert (await api.put(path, json={})).json() == {**nothing, "version": 2}


async def test_an_unknown_field_is_refused_with_its_place(api: httpx.AsyncClient) -> None:
    body = {"templates": {"firing": {"en": "{{hunter2}} {{tier}}"}}}
    refused = await api.put("/v1/alert-texts", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    (problem,) = refused.json()["errors"]
    assert (problem["pointer"], problem["code"]) == ("/templates/firing/en", "unknown_field")
    assert "hunter2" not in refused.text


async def test_a_template_has_an_end(api: httpx.AsyncClient) -> None:
    for template in ("", "x" * 501):
        body = {"templates": {"firing": {"en": template}}}
        refused = await api.put("/v1/alert-texts", json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/templates/firing/en"
