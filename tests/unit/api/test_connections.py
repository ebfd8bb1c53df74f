from services.api.connections import WaitingRoom


def test_an_address_has_so_many_seats_and_gets_them_back() -> None:
    room = WaitingRoom(2)
    assert [room.take("a"), room.take("a"), room.take("a")] == [True, True, False]
    assert room.take("b")
    room.give_back("a")
    assert room.take("a")
    assert not room.take("a")


def test_a_room_without_limit_has_a_seat_for_everybody() -> None:
    room = WaitingRoom(0)
    assert all(room.take("a") for _ in range(1_000))


def test_addresses_do_not_pile_up() -> None:
    room = WaitingRoom(1)
    for number in range(1_000):
        assert room.take(str(number))
        room.give_back(str(number))
    assert not room._taken
