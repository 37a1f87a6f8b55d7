"""Words of Indonesian and English chats, and the vectors made of them."""

import pytest

from knowledge.lexical import Vocabulary, document, score, token_id, words


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("brp hrg 1x dtg?", "berapa harga 1 x datang"),
        ("Rp 1.200.000,-", "rp 1200000"),
        ("ada Wi-Fi?", "ada wi fi wifi"),
        ("haloooo kaaak", "halo kak"),
        ("jam 5 sore", "jam 5 sore 17"),
        ("at 6:30pm", "at 6 30 pm 18"),
        ("pukul 06:15", "pukul 6 15"),
        ("selamat pagi, ada parkir?", "ada parkir"),
        ("Café", "cafe"),
        ("downward-facing dog, child's pose", "downwardfacingdog childspose"),
        ("can my dog or child come", "can my dog or child come"),
        ("don\u2019t", "dont"),
    ],
)
def test_chat_spellings_become_everyday_words(text, spelled):
    assert " ".join(words(text)) == spelled


def vocabulary(*texts: str) -> tuple[Vocabulary, list[dict[int, float]]]:
    vectors = [document(text, "", text) for text in texts]
    return Vocabulary.of(zip([(t,) for t in texts], vectors, strict=True)), vectors


def best(question: str, *texts: str) -> str:
    known, vectors = vocabulary(*texts)
    asked = known.query([question])
    return max(zip(texts, vectors, strict=True), key=lambda pair: score(asked, pair[1]))[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("how much does it cost", "Harga kelas"),
        ("pembatalannya gimana", "Batal kelas"),
        ("cancelation", "Batal kelas"),
        ("where do i put my car", "Parkir mobil"),
        ("parkri", "Parkir mobil"),
        ("pake kursi roda", "Wheelchair access"),
        ("is there air conditioning", "Ruangan ber-AC"),
    ],
)
def test_a_question_finds_its_entry_in_either_language_and_with_typos(question, answer):
    texts = ["Harga kelas", "Batal kelas", "Parkir mobil", "Wheelchair access", "Ruangan ber-AC"]
    assert best(question, *texts, "Air minum", "Yoga kursi") == answer


def test_a_title_counts_more_than_the_text():
    title, text = document("parkir", "", "gerbang"), document("gerbang", "", "parkir")
    assert title[token_id("parkir")] > text[token_id("parkir")]


def test_what_is_rare_in_the_studio_says_more():
    known, _vectors = vocabulary("kelas yin", "kelas hatha", "kelas aerial")
    assert known.rarity(token_id("yin")) > known.rarity(token_id("kela"))


def test_a_vector_depends_on_its_own_text_only():
    assert document("Parkir", "motor", "gratis") == document("Parkir", "motor", "gratis")
    assert all(0 <= token < 2**32 for token in document("Parkir", "motor", "gratis"))


def test_token_numbers_never_change():
    # They are stored on servers: another number would lose every entry.
    assert token_id("parkir") == 425052495


def test_earlier_turns_count_less():
    known, _vectors = vocabulary("parkir", "handuk")
    weights = known.query(["parkir"], ["handuk"])
    assert weights[token_id("handuk")] == pytest.approx(0.4 * weights[token_id("parkir")])
