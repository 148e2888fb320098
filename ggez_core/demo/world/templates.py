"""Sentences around a concept's name, in every language of the small world; each split has its own.

`{x}` stands for the name. The English articles are left out of names, so the sentences do without them too.
"""

from __future__ import annotations

from typing import Literal

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

TEMPLATES: dict[str, dict[Split, tuple[str, ...]]] = {
    "en": {
        "train": ("{x}", "a photo of {x}", "a picture of {x}", "an image showing {x}",
                  "this is {x}", "we can see {x} here"),
        "validation": ("{x} in a photo", "here is a picture of {x}"),
        "test": ("this image shows {x}", "a photo with {x} in it"),
    },
    "id": {
        "train": ("{x}", "foto {x}", "gambar {x}", "ini adalah {x}",
                  "gambar yang menunjukkan {x}", "kita melihat {x} di sini"),
        "validation": ("{x} dalam foto", "ini gambar {x}"),
        "test": ("foto ini menunjukkan {x}", "di sini ada {x}"),
    },
    "ms": {
        "train": ("{x}", "foto {x}", "gambar {x}", "ini ialah {x}",
                  "gambar yang menunjukkan {x}", "kita nampak {x} di sini"),
        "validation": ("{x} dalam gambar", "inilah foto {x}"),
        "test": ("gambar ini menunjukkan {x}", "di sini terdapat {x}"),
    },
    "th": {
        "train": ("{x}", "รูป{x}", "ภาพของ{x}", "นี่คือ{x}", "ภาพที่แสดง{x}", "เราเห็น{x}ที่นี่"),
        "validation": ("{x}ในภาพ", "นี่คือรูปของ{x}"),
        "test": ("ภาพนี้แสดง{x}", "ที่นี่มี{x}"),
    },
    "vi": {
        "train": ("{x}", "ảnh {x}", "hình {x}", "đây là {x}", "bức ảnh cho thấy {x}", "ta thấy {x} ở đây"),
        "validation": ("{x} trong ảnh", "đây là hình {x}"),
        "test": ("bức hình này cho thấy {x}", "ở đây có {x}"),
    },
    "fil": {
        "train": ("{x}", "larawan ng {x}", "litrato ng {x}", "ito ay {x}",
                  "larawang nagpapakita ng {x}", "nakikita natin dito ang {x}"),
        "validation": ("{x} sa larawan", "ito ay litrato ng {x}"),
        "test": ("ipinapakita ng larawang ito ang {x}", "dito ay may {x}"),
    },
    "km": {
        "train": ("{x}", "រូបថត{x}", "រូបភាពនៃ{x}", "នេះគឺ{x}", "រូបភាពដែលបង្ហាញ{x}", "យើងឃើញ{x}នៅទីនេះ"),
        "validation": ("{x}ក្នុងរូបភាព", "នេះគឺរូបថត{x}"),
        "test": ("រូបភាពនេះបង្ហាញ{x}", "នៅទីនេះមាន{x}"),
    },
    "lo": {
        "train": ("{x}", "ຮູບ{x}", "ພາບຂອງ{x}", "ນີ້ແມ່ນ{x}", "ພາບທີ່ສະແດງ{x}", "ພວກເຮົາເຫັນ{x}ຢູ່ນີ້"),
        "validation": ("{x}ໃນພາບ", "ນີ້ແມ່ນຮູບ{x}"),
        "test": ("ພາບນີ້ສະແດງ{x}", "ຢູ່ນີ້ມີ{x}"),
    },
    "my": {
        "train": ("{x}", "{x} ဓာတ်ပုံ", "{x} ၏ ပုံ", "ဒါက {x} ဖြစ်တယ်", "{x} ကို ပြသော ပုံ", "ဒီမှာ {x} ကို တွေ့ရတယ်"),
        "validation": ("ဓာတ်ပုံထဲက {x}", "ဒါက {x} ၏ ပုံ"),
        "test": ("ဒီပုံက {x} ကို ပြတယ်", "ဒီမှာ {x} ရှိတယ်"),
    },
    "ta": {
        "train": ("{x}", "{x} புகைப்படம்", "{x} படம்", "இது {x}", "{x} காட்டும் படம்", "இங்கே {x} காண்கிறோம்"),
        "validation": ("படத்தில் {x}", "இது {x} படம்"),
        "test": ("இந்தப் படம் {x} காட்டுகிறது", "இங்கே {x} உள்ளது"),
    },
    "zh": {
        "train": ("{x}", "{x}的照片", "一张{x}的图片", "这是{x}", "图片展示了{x}", "我们在这里看到{x}"),
        "validation": ("照片中的{x}", "这是{x}的图片"),
        "test": ("这张图片展示了{x}", "这里有{x}"),
    },
    "pt": {
        "train": ("{x}", "foto de {x}", "imagem de {x}", "isto é {x}", "imagem que mostra {x}", "vemos {x} aqui"),
        "validation": ("{x} na foto", "aqui está uma imagem de {x}"),
        "test": ("esta imagem mostra {x}", "aqui há {x}"),
    },
    "tet": {
        "train": ("{x}", "foto {x} nian", "imajen {x} nian", "ida-ne'e {x}",
                  "imajen ne'ebé hatudu {x}", "ita haree {x} iha ne'e"),
        "validation": ("{x} iha foto", "ida-ne'e foto {x} nian"),
        "test": ("imajen ne'e hatudu {x}", "iha ne'e iha {x}"),
    },
    "jv": {
        "train": ("{x}", "foto {x}", "gambar {x}", "iki {x}", "gambar sing nuduhake {x}", "kita weruh {x} ing kene"),
        "validation": ("{x} ing gambar", "iki foto {x}"),
        "test": ("gambar iki nuduhake {x}", "ing kene ana {x}"),
    },
    "su": {
        "train": ("{x}", "poto {x}", "gambar {x}", "ieu {x}", "gambar nu némbongkeun {x}", "urang ningali {x} di dieu"),
        "validation": ("{x} dina gambar", "ieu poto {x}"),
        "test": ("ieu gambar némbongkeun {x}", "di dieu aya {x}"),
    },
}  # fmt: skip

LANGUAGES: tuple[str, ...] = tuple(TEMPLATES)


def captions(name: str, language: str, split: Split) -> tuple[str, ...]:
    """Every caption of the split for a thing called `name` in `language`."""
    return tuple(template.format(x=name) for template in TEMPLATES[language][split])
