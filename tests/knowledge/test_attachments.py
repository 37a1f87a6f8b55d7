"""The file of an entry: what it is decides, not what it is called; pictures lose everything but what they show."""

import io
import os

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from knowledge import attachments
from knowledge.models import Attachment
from knowledge.search import current_shelf
from tests import factories

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **options) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "orange").save(made, kind, **options)
    return made.getvalue()


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_a_price_list_is_kept_under_a_name_that_nobody_can_guess(ombak, folder):
    entry = factories.entry(ombak)
    kept = attachments.attach(entry, PDF, "C:\\docs\\Daftar harga 2026.exe")
    assert (kept.name, kept.content_type) == ("Daftar harga 2026.pdf", "application/pdf")
    assert kept.path.startswith(f"knowledge/{ombak.pk}/")
    assert "harga" not in kept.path.lower()
    assert attachments.read(kept) == PDF
    assert (folder / kept.path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_made_anew_without_place_and_camera(ombak, kind):
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    exif[0x8825] = {1: "S", 2: (8.0, 38.0, 0.0)}
    kept = attachments.attach(factories.entry(ombak), picture(kind, exif=exif), "map.png")
    data = attachments.read(kept)
    assert b"SecretCam" not in data
    assert not Image.open(io.BytesIO(data)).getexif()
    assert kept.content_type == ("image/png" if kind == "PNG" else "image/jpeg")


def test_a_large_picture_becomes_a_handy_one(ombak):
    kept = attachments.attach(factories.entry(ombak), picture(size=(5000, 100)), "wide.jpg")
    assert Image.open(io.BytesIO(attachments.read(kept))).width == 2000


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<html><script>alert(1)</script>", "Only JPEG, PNG and WebP pictures and PDF"),
        (b"\xff\xd8\xff" + b"<script>" * 9, "Only JPEG, PNG and WebP pictures and PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only JPEG, PNG and WebP"),
        (b"GIF89a" + b"\0" * 40, "Only JPEG, PNG and WebP"),
        (b"", "Only JPEG, PNG and WebP"),
        (b"%PDF-1.4 obj cut off", "damaged"),
        (PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript >>"), "a program"),
        (PDF + b" " * 2**20, "larger than 1 MB"),
    ],
)
def test_what_is_no_sound_file_is_refused_and_nothing_is_kept(
    ombak, folder, settings, data, sentence
):
    settings.ATTACHMENT_MAX_MB = 1
    with pytest.raises(ValidationError, match=sentence):
        attachments.attach(factories.entry(ombak), data, "price.jpg")
    assert files(folder) == []


def test_a_bomb_of_pixels_is_not_opened(ombak, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_PIXELS", 100)
    with pytest.raises(ValidationError, match="too many pixels"):
        attachments.attach(factories.entry(ombak), picture(), "x.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_made_small_before_it_is_copied(ombak, monkeypatch, kind):
    sizes, convert = [], Image.Image.convert

    def watched(image, *how, **more):
        sizes.append(image.size)
        return convert(image, *how, **more)

    monkeypatch.setattr(Image.Image, "convert", watched)
    attachments.checked(picture(kind, size=(4500, 30)))
    assert sizes
    assert max(width for width, _height in sizes) <= attachments.LONGEST_SIDE


def test_an_upright_phone_picture_and_one_of_few_colours_keep_their_looks(ombak):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    kept = attachments.checked(picture(size=(3000, 60), exif=exif)).kept
    assert Image.open(io.BytesIO(kept)).size == (40, 2000)
    made = io.BytesIO()
    Image.new("RGB", (3000, 30), "orange").quantize(4).save(made, "PNG")
    kept = attachments.checked(made.getvalue()).kept
    assert Image.open(io.BytesIO(kept)).getpixel((5, 5)) == (255, 165, 0)


def test_a_new_file_takes_the_place_of_the_old(ombak, folder, django_capture_on_commit_callbacks):
    entry = factories.entry(ombak)
    attachments.attach(entry, PDF, "a.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        second = attachments.attach(entry, picture(), "b.jpg")
        assert len(files(folder)) == 2  # nothing is lost before the commit
    assert files(folder) == [second.path.rpartition("/")[2]]
    with django_capture_on_commit_callbacks(execute=True):
        assert attachments.remove(entry)
    assert files(folder) == []
    assert not attachments.remove(entry)


def test_processes_learn_of_the_file(ombak, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        entry = factories.entry(ombak)
    assert current_shelf(ombak).rows[entry.pk].file is None
    with django_capture_on_commit_callbacks(execute=True):
        kept = attachments.attach(entry, PDF, "a.pdf")
    assert current_shelf(ombak).rows[entry.pk].file == kept


def test_asking_a_shelf_for_files_asks_no_database(
    ombak, django_assert_num_queries, django_capture_on_commit_callbacks
):
    factories.entry(ombak)
    rows = current_shelf(ombak).rows.values()
    with django_assert_num_queries(0):
        assert [row.file for row in rows] == [None]


def test_files_without_a_row_go_after_an_hour(ombak, senja, folder):
    entry, gone = factories.entry(ombak), factories.entry(senja)
    kept = attachments.attach(entry, PDF, "a.pdf")
    orphan = attachments.attach(gone, PDF, "b.pdf")
    gone.delete()
    assert attachments.sweep() == 0  # it may be in the making
    os.utime(folder / orphan.path, (1, 1))
    os.utime(folder / kept.path, (1, 1))
    assert attachments.sweep() == 1
    assert (folder / kept.path).exists()
    assert Attachment.objects.get() == kept


def test_what_the_system_leaves_among_the_folders_stays(db, folder):
    (folder / "knowledge" / "lost+found").mkdir(parents=True)
    (folder / "knowledge" / ".DS_Store").touch()
    assert attachments.sweep() == 0
    assert len(list((folder / "knowledge").iterdir())) == 2
