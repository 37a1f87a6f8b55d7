"""The loopback WhatsApp server against an unmodified neonize program, an ordinary echo bot.

The tests tell one story and run in order: pairing, messages, an outage, a restart, the faults.
"""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.whatsapp_server.client import RemoteRig

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("whatsapp_server")]
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOP, SHOP2, SHOP3 = "4930111111", "4930222222", "4930333333"


class Program:
    """A child process whose JSON lines are collected."""

    def __init__(self, command: list[str], env: dict, log: pathlib.Path):
        self.lines: list[dict] = []
        self._new: queue.Queue[dict] = queue.Queue()
        self.log = log.open("a")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.write(line)
            self.log.flush()
            if line.startswith("{"):  # neonize prints lines of its own between ours
                self._new.put(json.JSONDecoder().raw_decode(line)[0])
        self._new.put({"kind": "EOF"})

    def wait(self, kind: str, timeout: float = 20, **match) -> dict:
        """The next line of this kind that was not handed out yet."""
        deadline = time.monotonic() + timeout
        while True:
            for line in self.lines:
                if (
                    line["kind"] == kind
                    and not line.get("_used")
                    and all(line.get(k) == v for k, v in match.items())
                ):
                    line["_used"] = True
                    return line
            try:
                self.lines.append(self._new.get(timeout=max(deadline - time.monotonic(), 0.001)))
            except queue.Empty:
                raise TimeoutError(f"the program did not say {kind!r} within {timeout} s") from None

    def forget(self) -> None:
        """Count everything said so far as handed out."""
        while not self._new.empty():
            self.lines.append(self._new.get())
        for line in self.lines:
            line["_used"] = True

    def end(self, kill: bool = False) -> int:
        (self.process.kill if kill else self.process.terminate)()
        return self.process.wait(20)


class World:
    """The server in a process of its own, the bot, and the people of the story."""

    bot: Program
    qr: str
    shop: Any
    shop2: Any
    anna: Any
    ben: Any
    cleo: Any

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.env = dict(os.environ)
        self.log = (folder / "rig.log").open("w")
        self.rig_process = subprocess.Popen(
            [sys.executable, "-m", "tests.whatsapp_server", "--folder", str(folder)],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.rig_process.stdout is not None
        self.rig_process.stdout.readline()
        self.rig = RemoteRig.from_card(folder / "rig.json")

    def start_bot(self, *sessions: str) -> Program:
        launch = [
            sys.executable,
            "-m",
            "tests.whatsapp_server.launch",
            str(self.folder / "rig.json"),
        ]
        bot = [sys.executable, str(pathlib.Path(__file__).with_name("echo_bot.py"))]
        files = [str(self.folder / session) for session in sessions]
        return Program([*launch, *bot, *files], self.env, self.folder / "bot.log")

    def start_again_with(self, session: str, refusal: int | None = None) -> Program:
        """Another bot in place of the one that runs; `refusal` is what its login gets."""
        self.bot.end(kill=True)
        mark = self.rig.mark()
        if refusal:
            self.shop.fault("login_failure", reason=refusal)
        self.bot = self.start_bot(session)
        if session == "one.db" and not refusal:
            self.shop.wait_online(mark)
        return self.bot

    def close(self) -> None:
        for process in (self.bot.process, self.rig_process):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("rig"))
    world.bot = world.start_bot("one.db")
    yield world
    world.close()


def test_01_qr_code(world: World):
    """A plain neonize program connects and gets QR codes."""
    world.qr = world.bot.wait("qr")["qr"]
    assert world.rig.call("offers"), "the rig lists the waiting client"


def test_02_pairing(world: World):
    """The owner's phone scans the code; the program restarts its connection and is online."""
    world.shop = world.rig.number(SHOP, "Lotus Yoga")
    world.shop.scan(world.qr)
    world.shop.wait_online()
    world.bot.wait("PairStatus")
    world.bot.wait("Connected")


def test_03_three_customers(world: World):
    """Three customers (three ways of addressing) write and get their echoes."""
    world.anna = world.rig.customer("4917000001", "Anna", addressing="lid")
    world.ben = world.rig.customer("4917000002", "Ben", addressing="pn")
    world.cleo = world.rig.customer("4917000003", "Cleo", addressing="lid-only")
    for who, text in (
        (world.anna, "hi"),
        (world.ben, "hello"),
        (world.cleo, "namaste \N{PERSON WITH FOLDED HANDS}"),
    ):
        who.send(world.shop, text)
    for who, text in (
        (world.anna, "hi"),
        (world.ben, "hello"),
        (world.cleo, "namaste \N{PERSON WITH FOLDED HANDS}"),
    ):
        reply = who.expect_reply()
        assert reply["text"] == f"echo: {text}", reply


def test_04_signs_of_life(world: World):
    """Read receipts, typing and delivery are visible to the test."""
    mark = world.rig.mark()
    id = world.anna.send(world.shop, "are you there?")
    world.rig.wait("received_by_client", mark, customer="4917000001", ids=[id])
    world.rig.wait("read", mark, customer="4917000001", ids=[id])
    world.rig.wait("chatstate", mark, customer="4917000001", state="composing")
    reply = world.anna.expect_reply()
    world.bot.wait("receipt", ids=[reply["id"]], type="DELIVERED")
    world.anna.reads(world.shop, reply["id"])
    world.bot.wait("receipt", ids=[reply["id"]], type="READ")


def test_05_message_types(world: World):
    """Extended text, location, reaction, document, audio and a real image arrive."""
    say = world.anna
    say.send(world.shop, json={"extendedTextMessage": {"text": "a quoted answer"}})
    assert say.expect_reply()["text"] == "echo: a quoted answer"
    say.send(
        world.shop, json={"locationMessage": {"degreesLatitude": 52.5, "degreesLongitude": 13.4}}
    )
    assert say.expect_reply()["text"] == "echo: locationMessage"
    say.send(
        world.shop,
        json={
            "reactionMessage": {"text": "\N{THUMBS UP SIGN}", "key": {"ID": "x", "remoteJID": "y"}}
        },
    )
    assert say.expect_reply()["text"] == "echo: reactionMessage"
    say.send(
        world.shop,
        json={"audioMessage": {"mimetype": "audio/ogg; codecs=opus", "seconds": 3, "PTT": True}},
    )
    assert say.expect_reply()["text"] == "echo: audioMessage"
    say.send(
        world.shop,
        json={"documentMessage": {"title": "contract.pdf", "mimetype": "application/pdf"}},
    )
    assert say.expect_reply()["text"] == "echo: documentMessage"
    say.send(
        world.shop,
        file=b"\x89PNG" + b"x" * 5000,
        kind="image",
        mimetype="image/png",
        caption="my mat",
    )
    assert say.expect_reply()["text"] == "echo: image of 5004 bytes"


def test_06_outage(world: World):
    """The connection is cut; two messages sent meanwhile are each answered once."""
    before = len(world.ben.inbox())
    world.rig.condition(offline=True)
    mark = world.rig.mark()
    world.shop.cut()
    world.rig.wait("disconnected", mark, number=SHOP)
    world.ben.send(world.shop, "first while you were away")
    world.ben.send(world.shop, "second while you were away")
    time.sleep(1)
    assert len(world.ben.inbox()) == before
    world.rig.condition(offline=False)
    world.shop.wait_online(mark, 30)
    world.ben.expect(before + 2, 15)
    time.sleep(1)
    texts = [m["text"] for m in world.ben.inbox()[before:]]
    assert texts == ["echo: first while you were away", "echo: second while you were away"], texts


def test_07_restart(world: World):
    """The program is stopped with SIGTERM and started again: no new QR code, nothing lost."""
    mark = world.rig.mark()
    code = world.bot.end()
    world.cleo.send(world.shop, "sent to a stopped program")
    before = len(world.cleo.inbox())
    world.bot = world.start_bot("one.db")
    world.shop.wait_online(mark, 20)
    world.cleo.expect(before + 1)
    assert world.cleo.inbox()[-1]["text"] == "echo: sent to a stopped program"
    assert code == 0, f"exit status {code}"
    assert not any(line["kind"] == "qr" for line in world.bot.lines)


def test_08_owner_writes_by_hand(world: World):
    """What the owner writes on the phone reaches the program as its own message."""
    world.bot.forget()
    world.shop.send_by_hand(world.anna, "this is Maya herself")
    seen = world.bot.wait("message")
    assert (seen["from_me"], seen["text"]) == (True, "this is Maya herself")


def test_09_second_number(world: World):
    """A second business number pairs in the same program; the two do not mix."""
    world.bot.end()
    mark = world.rig.mark()
    world.bot = world.start_bot("one.db", "two.db")
    qr = world.bot.wait("qr")["qr"]
    world.shop2 = world.rig.number(SHOP2, "Ganesha Studio")
    world.shop2.scan(qr)
    world.shop.wait_online(mark)
    world.shop2.wait_online(mark)
    start = len(world.anna.inbox())
    for i in range(5):
        world.anna.send(world.shop, f"to one {i}")
        world.anna.send(world.shop2, f"to two {i}")
    world.anna.expect(start + 10)
    got = {(m["number"], m["text"]) for m in world.anna.inbox()[start:]}
    assert got == {
        (n, f"echo: to {w} {i}") for i in range(5) for n, w in ((SHOP, "one"), (SHOP2, "two"))
    }, got


def test_10_duplicates(world: World):
    """A message delivered twice: answered once (same stanza) or twice (encrypted anew under the same id)."""
    start = len(world.ben.inbox())
    world.shop.fault("duplicate", mode="stanza")
    world.ben.send(world.shop, "same stanza twice")
    world.ben.expect(start + 1)
    time.sleep(1)
    assert len(world.ben.inbox()) == start + 1
    world.shop.fault("duplicate", mode="resend")
    world.ben.send(world.shop, "sent anew with the same id")
    world.ben.expect(start + 3)


def test_11_undecryptable(world: World):
    """A garbled message makes the client ask again; it is answered once."""
    start, mark = len(world.ben.inbox()), world.rig.mark()
    world.shop.fault("corrupt")
    world.ben.send(world.shop, "garbled on the way")
    world.rig.wait("retry_asked", mark)
    world.ben.expect(start + 1)
    world.bot.wait("UndecryptableMessage")


def test_12_refused_send(world: World):
    """A refused message raises in the program; the next one goes through."""
    world.shop.fault("send_error", error=463)
    id = world.ben.send(world.shop, "you cannot answer this")
    assert "463" in world.bot.wait("send_failed", to=id)["error"]
    id = world.ben.send(world.shop, "but this")
    reply = world.bot.wait("sent", to=id)["id"]
    world.rig.wait("reply", id=reply)


def test_13_slow_ack(world: World):
    """A late acknowledgement delays send_message by as much."""
    world.shop.condition(ack_delay=2)
    id = world.ben.send(world.shop, "slow")
    took = world.bot.wait("sent", to=id)["took"]
    world.rig.calm()
    assert 2 <= took < 3, took


def test_14_cut_before_ack(world: World):
    """The connection is cut after delivery, before the ack: the client repeats the stanza, one reply arrives."""
    start, mark = len(world.ben.inbox()), world.rig.mark()
    world.shop.fault("drop_before_ack")
    id = world.ben.send(world.shop, "cut me off")
    world.shop.wait_online(mark, 30)
    world.bot.wait("sent", to=id)
    time.sleep(1)
    assert len(world.ben.inbox()) == start + 1, world.ben.inbox()[start:]
    assert world.rig.events(mark, kind="sent_again")


def test_15_stream_errors(world: World):
    """515 and 503 lead to a reconnect."""
    for code in ("515", "503"):
        mark = world.rig.mark()
        world.shop.stream_error(code)
        world.shop.wait_online(mark, 20)


def test_16_temporary_ban(world: World):
    """A temporary ban at login is reported; the client does not come back by itself."""
    world.bot.forget()
    mark = world.rig.mark()
    world.shop2.fault("login_failure", reason=402, code=101, expire=3600)
    world.shop2.cut()
    assert "expire" in world.bot.wait("TemporaryBan")["data"].lower()
    time.sleep(4)
    assert not world.rig.events(mark, kind="online", number=SHOP2)


def test_17_second_process(world: World):
    """A second program on the same session replaces the first, which is told so and stays away."""
    world.bot.forget()
    mark = world.rig.mark()
    other = world.start_bot("one.db")
    world.shop.wait_online(mark)
    world.bot.wait("StreamReplaced")
    id = world.ben.send(world.shop, "who answers?")
    other.wait("sent", to=id)
    world.bot.end(kill=True)
    world.bot = other


def test_18_logged_out(world: World):
    """The owner removes the linked device: LoggedOut; at the next start a new QR code."""
    world.bot.forget()
    world.shop.unlink()
    world.bot.wait("LoggedOut")
    world.bot.end()
    world.bot = world.start_bot("one.db")
    world.qr = world.bot.wait("qr")["qr"]


def test_19_pair_again(world: World):
    """The same number is linked again and works."""
    mark = world.rig.mark()
    world.shop.scan(world.qr)
    world.shop.wait_online(mark)
    id = world.anna.send(world.shop, "back again?")
    world.bot.wait("sent", to=id)


def test_20_presence_and_history(world: World):
    """The shown name arrives by app state, so presence can be sent; past chats arrive."""
    world.rig.wait("presence", number=SHOP, type="available", name="Lotus Yoga")
    past = [["old question", False, 1700000000], ["old answer", True, 1700000060]]
    world.rig.call("history", number=SHOP, chats={world.anna.number: past})
    assert "old answer" in world.bot.wait("HistorySync")["data"]


def test_21_group_and_status(world: World):
    """Messages in a group and status updates are marked as such."""
    world.bot.forget()
    world.ben.send(world.shop, "hello group", chat="120363000000000001@g.us")
    assert world.bot.wait("message")["chat"] == "120363000000000001@g.us"
    world.ben.send(world.shop, "my day", chat="status@broadcast")
    assert world.bot.wait("message")["chat"] == "status@broadcast"


def test_22_new_phone(world: World):
    """A customer changes phones (new keys); the conversation goes on."""
    start = len(world.cleo.inbox())
    world.cleo.reinstall()
    world.cleo.send(world.shop, "new phone, who dis")
    world.cleo.expect(start + 1)


def test_23_letters_instead_of_a_code(world: World):
    """A third number is linked by the letters that its phone is to type; wrong ones may be typed again."""
    world.bot.end()
    mark = world.rig.mark()
    world.bot = world.start_bot("one.db", f"three.db={SHOP3}")
    letters = world.bot.wait("pair_code")["code"]
    offered = world.rig.wait("code_offered", mark, number=SHOP3)[0]
    assert (offered["display"], offered["notify"]) == ("Chrome (Linux)", True)
    shop3 = world.rig.number(SHOP3, "Surya Yoga")
    wrong = "9999-9999" if letters != "9999-9999" else "8888-8888"
    with pytest.raises(ValueError, match="wrong code"):
        shop3.enter_code(wrong)
    with pytest.raises(ValueError, match="nobody waits"):
        world.shop2.enter_code(letters)
    shop3.fault("passkey")
    with pytest.raises(ValueError, match="passkey"):
        shop3.enter_code(letters)
    assert world.bot.wait("login")["status"] == "passkey-request"
    shop3.enter_code(letters.lower())
    shop3.wait_online(mark)
    id = world.anna.send(shop3, "hello number three")
    world.bot.wait("sent", to=id)


def test_24_codes_expire_one_by_one(world: World):
    """A code that is no longer shown links nothing; the phone says so, the program waits on."""
    mark = world.rig.mark()
    world.qr = world.start_again_with("four.db").wait("qr")["qr"]
    world.rig.call("expire_codes", count=1)
    with pytest.raises(ValueError, match="no longer valid"):
        world.shop2.scan(world.qr)
    assert world.rig.events(mark, kind="pair_refused")
    assert world.rig.call("offers"), "the program still shows codes"


def test_25_passkey(world: World):
    """An account that wants a passkey: all that neonize tells is a word in its hidden login hook."""
    world.qr = world.start_again_with("five.db").wait("qr")["qr"]
    world.shop2.fault("passkey")
    with pytest.raises(ValueError, match="passkey"):
        world.shop2.scan(world.qr)
    assert world.bot.wait("login")["status"] == "passkey-request"


def test_26_calls(world: World):
    """A customer rings, the program refuses the call, the customer stops."""
    world.start_again_with("one.db")
    call = world.anna.call(world.shop)
    assert world.bot.wait("call")["id"] == call
    world.rig.wait("call", what="reject", call=call, customer="4917000001")
    world.anna.end_call(world.shop, call)
    assert call in world.bot.wait("CallTerminate")["data"]
    video = world.ben.call(world.shop, video=True)
    assert world.bot.wait("call", id=video)["caller"] == "4917000002"


def test_27_secrets(world: World):
    """Texts bring a secret of their own, as from real phones."""
    id = world.anna.send(world.shop, "with a secret")
    assert world.bot.wait("message", id=id)["has_secret"]


def test_28_reordered(world: World):
    """Messages arrive in another order than they were sent in, each once; a calm lets the rest go."""
    world.shop.fault("reorder", count=4)
    sent = [world.anna.send(world.shop, f"place {i}") for i in range(4)]
    seen = [world.bot.wait("message")["id"] for _ in sent]
    assert sorted(seen) == sorted(sent)
    assert seen != sent
    world.shop.fault("reorder", count=4)
    last = world.anna.send(world.shop, "held back for ever?")
    world.rig.calm()
    world.bot.wait("message", id=last)


@pytest.mark.parametrize("name", ["anna", "ben"])
def test_29_duplicate_under_the_other_address(world: World, name: str):
    """The same id, once by number and once by hidden id: the client reports both."""
    world.shop.fault("duplicate", mode="other-address")
    id = getattr(world, name).send(world.shop, "who am I?")
    chats = {world.bot.wait("message", id=id)["chat"].split("@")[1] for _ in range(2)}
    assert chats == {"lid", "s.whatsapp.net"}


def test_30_silence(world: World):
    """A mute server: nothing arrives, nothing is acknowledged, until it speaks again."""
    world.shop.condition(mute=True)
    world.bot.forget()
    id = world.ben.send(world.shop, "is this thing on?")
    with pytest.raises(TimeoutError):
        world.bot.wait("message", timeout=1)
    world.shop.condition(mute=False)
    world.bot.wait("message", id=id)
    world.bot.wait("sent", to=id)


def test_31_login_refused(world: World):
    """Too old a program, and a blocked account: each has its own event, and the program stays away."""
    for reason, event in ((405, "ClientOutdated"), (403, "LoggedOut")):
        world.start_again_with("one.db", reason)
        world.bot.wait(event)


def test_32_login_refused_before_linking(world: World):
    """Too old a program is not even offered codes."""
    world.rig.fault("login_failure", reason=405)
    world.start_again_with("six.db")
    assert world.bot.wait("login")["status"] == "err-client-outdated"


def test_33_nothing_unknown(world: World):
    """The client asked nothing that the rig could not answer, and reached for no other host."""
    kinds = ("unknown_iq", "unknown_stanza", "blocked", "rig_error")
    unknown = [e for kind in kinds for e in world.rig.events(kind=kind)]
    assert not unknown, unknown
