"""How questions about the small world are worded, in its languages; each split has its own wording.

Every language asks five kinds of question: what it is, from which country, of which aspect, which colour, how many.
A kind's row holds the training wordings, then one of validation, then one of test.
"""

from __future__ import annotations

from typing import Literal

from .templates import Split

Kind = Literal["what", "country", "aspect", "color", "count"]
KINDS: tuple[Kind, ...] = ("what", "country", "aspect", "color", "count")

_WORDING = {
    "en": (
        "What is this?|What is in the picture?|What do you see here?|Name this thing.|What is this thing?|"
        "What do you see in the photo?",
        "Which country is this from?|What country does it belong to?|Its country?|"
        "In which country is this found?|From what country is this?",
        "What kind of thing is this?|Which category is it?|Its category?|What category does this belong to?|"
        "What kind is it?",
        "What color is it?|Which color does it have?|Its color?|What is its color?|Which color is this?",
        "How many are there?|How many do you see?|Count them, how many?|How many are in the picture?|"
        "How many can you see here?",
    ),
    "id": (
        "Apa ini?|Apa yang ada di gambar?|Apa yang terlihat di sini?|Sebutkan benda ini.|Benda apa ini?|"
        "Apa yang terlihat di foto?",
        "Dari negara mana ini?|Negara mana asalnya?|Negara asalnya?|Di negara mana ini ditemukan?|"
        "Ini berasal dari negara mana?",
        "Jenis apa ini?|Termasuk kategori apa?|Kategorinya?|Apa jenis benda ini?|Ini termasuk kategori mana?",
        "Apa warnanya?|Warna apa ini?|Warnanya?|Berwarna apa ini?|Apa warna benda ini?",
        "Ada berapa?|Berapa jumlahnya?|Hitunglah, berapa?|Berapa banyak di gambar?|Ada berapa di sini?",
    ),
    "ms": (
        "Apakah ini?|Apakah yang ada dalam gambar?|Apakah yang kelihatan di sini?|Namakan benda ini.|"
        "Apakah benda ini?|Apakah yang kelihatan dalam foto?",
        "Dari negara manakah ini?|Negara manakah asalnya?|Negara asalnya apakah?|"
        "Di negara manakah ini dijumpai?|Ini berasal dari negara manakah?",
        "Apakah jenis ini?|Termasuk kategori apakah?|Kategorinya apakah?|Apakah jenis benda ini?|"
        "Ini termasuk kategori manakah?",
        "Apakah warnanya?|Warna apakah ini?|Warnanya apakah?|Berwarna apakah ini?|Apakah warna benda ini?",
        "Ada berapakah?|Berapakah bilangannya?|Kira, berapakah?|Berapakah banyak dalam gambar?|"
        "Ada berapakah di sini?",
    ),
    "th": (
        "นี่คืออะไร|ในภาพมีอะไร|คุณเห็นอะไรที่นี่|บอกชื่อสิ่งนี้|สิ่งนี้คืออะไร|คุณเห็นอะไรในรูป",
        "นี่มาจากประเทศอะไร|เป็นของประเทศใด|ประเทศของมันคือ|พบสิ่งนี้ในประเทศใด|สิ่งนี้มาจากประเทศใด",
        "นี่เป็นประเภทใด|อยู่ในหมวดหมู่ใด|หมวดหมู่คือ|สิ่งนี้เป็นประเภทใด|นี่อยู่ในหมวดหมู่อะไร",
        "มันมีสีอะไร|นี่สีอะไร|สีของมันคือ|สิ่งนี้มีสีอะไร|สีของสิ่งนี้คือสีอะไร",
        "มีกี่อัน|มีจำนวนเท่าไร|นับดู มีกี่อัน|ในภาพมีกี่อัน|คุณเห็นกี่อันที่นี่",
    ),
    "vi": (
        "Đây là gì?|Trong hình có gì?|Bạn thấy gì ở đây?|Hãy gọi tên vật này.|Vật này là gì?|"
        "Bạn thấy gì trong ảnh?",
        "Nó đến từ nước nào?|Nó thuộc quốc gia nào?|Quốc gia của nó?|Vật này có ở nước nào?|"
        "Vật này đến từ quốc gia nào?",
        "Đây là loại gì?|Nó thuộc nhóm nào?|Nhóm của nó?|Vật này là loại gì?|Đây thuộc nhóm nào?",
        "Nó có màu gì?|Đây là màu gì?|Màu của nó?|Vật này có màu gì?|Màu của vật này là gì?",
        "Có bao nhiêu cái?|Số lượng là bao nhiêu?|Hãy đếm, bao nhiêu?|Trong hình có bao nhiêu cái?|"
        "Bạn thấy bao nhiêu cái ở đây?",
    ),
    "fil": (
        "Ano ito?|Ano ang nasa larawan?|Ano ang nakikita mo rito?|Pangalanan ang bagay na ito.|"
        "Ano ang bagay na ito?|Ano ang nakikita mo sa litrato?",
        "Saang bansa ito galing?|Aling bansa ang may ganito?|Ang bansa nito?|Sa aling bansa ito makikita?|"
        "Galing saang bansa ang bagay na ito?",
        "Anong uri ito?|Aling kategorya ito?|Ang kategorya nito?|Anong uri ang bagay na ito?|"
        "Sa aling kategorya ito kabilang?",
        "Anong kulay nito?|Aling kulay ito?|Ang kulay nito?|Anong kulay ang bagay na ito?|Ano ang kulay nito?",
        "Ilan ang mga ito?|Ilan ang nakikita mo?|Bilangin, ilan?|Ilan ang nasa larawan?|"
        "Ilan ang nakikita mo rito?",
    ),
    "km": (
        "នេះជាអ្វី?|មានអ្វីក្នុងរូបភាព?|អ្នកឃើញអ្វីនៅទីនេះ?|ប្រាប់ឈ្មោះវត្ថុនេះ|វត្ថុនេះជាអ្វី?|"
        "អ្នកឃើញអ្វីក្នុងរូបថត?",
        "នេះមកពីប្រទេសណា?|វាជារបស់ប្រទេសណា?|ប្រទេសរបស់វា?|វត្ថុនេះមាននៅប្រទេសណា?|វត្ថុនេះមកពីប្រទេសណា?",
        "នេះជាប្រភេទអ្វី?|វាស្ថិតក្នុងក្រុមណា?|ប្រភេទរបស់វា?|វត្ថុនេះជាប្រភេទអ្វី?|នេះស្ថិតក្នុងក្រុមណា?",
        "វាមានពណ៌អ្វី?|នេះពណ៌អ្វី?|ពណ៌របស់វា?|វត្ថុនេះមានពណ៌អ្វី?|ពណ៌របស់វត្ថុនេះជាអ្វី?",
        "មានប៉ុន្មាន?|ចំនួនប៉ុន្មាន?|រាប់មើល ប៉ុន្មាន?|មានប៉ុន្មានក្នុងរូបភាព?|អ្នកឃើញប៉ុន្មាននៅទីនេះ?",
    ),
    "lo": (
        "ນີ້ແມ່ນຫຍັງ?|ໃນຮູບມີຫຍັງ?|ເຈົ້າເຫັນຫຍັງຢູ່ນີ້?|ບອກຊື່ສິ່ງນີ້|ສິ່ງນີ້ແມ່ນຫຍັງ?|"
        "ເຈົ້າເຫັນຫຍັງໃນຮູບຖ່າຍ?",
        "ນີ້ມາຈາກປະເທດໃດ?|ເປັນຂອງປະເທດໃດ?|ປະເທດຂອງມັນ?|ສິ່ງນີ້ພົບຢູ່ປະເທດໃດ?|ສິ່ງນີ້ມາຈາກປະເທດໃດ?",
        "ນີ້ແມ່ນປະເພດໃດ?|ຢູ່ໃນໝວດໃດ?|ໝວດຂອງມັນ?|ສິ່ງນີ້ແມ່ນປະເພດໃດ?|ນີ້ຢູ່ໃນໝວດໃດ?",
        "ມັນມີສີຫຍັງ?|ນີ້ສີຫຍັງ?|ສີຂອງມັນ?|ສິ່ງນີ້ມີສີຫຍັງ?|ສີຂອງສິ່ງນີ້ແມ່ນສີຫຍັງ?",
        "ມີຈັກອັນ?|ມີຈຳນວນເທົ່າໃດ?|ນັບເບິ່ງ ມີຈັກອັນ?|ໃນຮູບມີຈັກອັນ?|ເຈົ້າເຫັນຈັກອັນຢູ່ນີ້?",
    ),
    "my": (
        "ဒါ ဘာလဲ|ပုံထဲမှာ ဘာရှိလဲ|ဒီမှာ ဘာမြင်လဲ|ဒီအရာကို အမည်ပေးပါ|ဒီအရာက ဘာလဲ|ဓာတ်ပုံထဲမှာ ဘာမြင်လဲ",
        "ဒါ ဘယ်နိုင်ငံကလဲ|ဘယ်နိုင်ငံနဲ့ ဆိုင်လဲ|သူ့နိုင်ငံက|ဒီအရာ ဘယ်နိုင်ငံမှာ တွေ့ရလဲ|ဒီအရာ ဘယ်နိုင်ငံကလဲ",
        "ဒါ ဘယ်အမျိုးအစားလဲ|ဘယ်အုပ်စုထဲမှာလဲ|သူ့အမျိုးအစားက|ဒီအရာ ဘယ်အမျိုးအစားလဲ|ဒါ ဘယ်အုပ်စုထဲမှာလဲ",
        "ဘာအရောင်လဲ|ဒါ ဘာအရောင်လဲ|သူ့အရောင်က|ဒီအရာ ဘာအရောင်လဲ|ဒီအရာရဲ့ အရောင်က ဘာလဲ",
        "ဘယ်နှစ်ခု ရှိလဲ|ဘယ်နှစ်ခု မြင်လဲ|ရေတွက်ပါ ဘယ်နှစ်ခုလဲ|ပုံထဲမှာ ဘယ်နှစ်ခု ရှိလဲ|"
        "ဒီမှာ ဘယ်နှစ်ခု မြင်လဲ",
    ),
    "ta": (
        "இது என்ன?|படத்தில் என்ன உள்ளது?|இங்கே என்ன தெரிகிறது?|இந்தப் பொருளின் பெயரைச் சொல்.|"
        "இந்தப் பொருள் என்ன?|புகைப்படத்தில் என்ன தெரிகிறது?",
        "இது எந்த நாடு?|இது எந்த நாட்டைச் சேர்ந்தது?|இதன் நாடு?|இது எந்த நாட்டில் உள்ளது?|"
        "இந்தப் பொருள் எந்த நாட்டைச் சேர்ந்தது?",
        "இது என்ன வகை?|இது எந்தப் பிரிவு?|இதன் வகை?|இந்தப் பொருள் என்ன வகை?|இது எந்தப் பிரிவைச் சேர்ந்தது?",
        "இது என்ன நிறம்?|எந்த நிறத்தில் உள்ளது?|இதன் நிறம்?|இந்தப் பொருள் என்ன நிறம்?|இதன் நிறம் என்ன?",
        "எத்தனை உள்ளன?|எத்தனை தெரிகின்றன?|எண்ணு, எத்தனை?|படத்தில் எத்தனை உள்ளன?|இங்கே எத்தனை தெரிகின்றன?",
    ),
    "zh": (
        "这是什么?|图片里有什么?|你在这里看到什么?|说出这个东西的名字。|这个东西是什么?|你在照片里看到什么?",
        "这来自哪个国家?|它属于哪个国家?|它的国家?|这在哪个国家可以找到?|这个东西来自哪个国家?",
        "这是哪一类?|它属于什么类别?|它的类别?|这个东西是哪一类?|这属于什么类别?",
        "它是什么颜色?|这是什么颜色?|它的颜色?|这个东西是什么颜色?|它的颜色是什么?",
        "有多少个?|数量是多少?|数一数,多少个?|图片里有多少个?|你在这里看到多少个?",
    ),
    "pt": (
        "O que é isto?|O que há na imagem?|O que se vê aqui?|Diz o nome desta coisa.|O que é esta coisa?|"
        "O que se vê na foto?",
        "De que país é isto?|A que país pertence?|O seu país?|Em que país se encontra isto?|"
        "Esta coisa é de que país?",
        "Que tipo de coisa é?|A que categoria pertence?|A sua categoria?|Esta coisa é de que tipo?|"
        "Isto pertence a que categoria?",
        "De que cor é?|Que cor tem isto?|A sua cor?|Esta coisa é de que cor?|Qual é a sua cor?",
        "Quantos são?|Quantos se veem?|Conta-os, quantos?|Quantos há na imagem?|Quantos se veem aqui?",
    ),
    "tet": (
        "Ida-ne'e saida?|Saida mak iha imajen?|Ita haree saida iha ne'e?|Hateten naran sasán ne'e.|"
        "Sasán ne'e saida?|Ita haree saida iha foto?",
        "Ida-ne'e hosi nasaun ne'ebé?|Nia nasaun mak ne'ebé?|Nia nasaun?|Sasán ne'e iha nasaun ne'ebé?|"
        "Sasán ne'e hosi nasaun ne'ebé?",
        "Ida-ne'e tipu saida?|Tama iha kategoria ne'ebé?|Nia kategoria?|Sasán ne'e tipu saida?|"
        "Ida-ne'e kategoria ne'ebé?",
        "Nia kór saida?|Ida-ne'e kór saida?|Nia kór?|Sasán ne'e kór saida?|Kór sasán ne'e nian saida?",
        "Iha hira?|Ita haree hira?|Sura, hira?|Iha imajen iha hira?|Ita haree hira iha ne'e?",
    ),
    "jv": (
        "Iki apa?|Ana apa ing gambar?|Kowé weruh apa ing kéné?|Sebutna barang iki.|Barang iki apa?|"
        "Kowé weruh apa ing poto?",
        "Iki saka nagara endi?|Asalé saka nagara endi?|Nagara asalé?|Barang iki ana ing nagara endi?|"
        "Barang iki saka nagara endi?",
        "Iki jinis apa?|Kalebu golongan apa?|Golongané?|Barang iki jinis apa?|Iki kalebu golongan endi?",
        "Wernané apa?|Iki werna apa?|Wernané?|Barang iki wernané apa?|Apa wernané iki?",
        "Ana pira?|Pira cacahé?|Étungen, pira?|Ana pira ing gambar?|Ana pira ing kéné?",
    ),
    "su": (
        "Ieu naon?|Aya naon dina gambar?|Anjeun ningali naon di dieu?|Sebutkeun barang ieu.|Barang ieu naon?|"
        "Anjeun ningali naon dina poto?",
        "Ieu ti nagara mana?|Asalna ti nagara mana?|Nagara asalna?|Barang ieu aya di nagara mana?|"
        "Barang ieu ti nagara mana?",
        "Ieu jenis naon?|Kaasup golongan naon?|Golonganana?|Barang ieu jenis naon?|Ieu kaasup golongan mana?",
        "Naon warnana?|Ieu warna naon?|Warnana?|Barang ieu warnana naon?|Warnana ieu naon?",
        "Aya sabaraha?|Sabaraha jumlahna?|Itung, sabaraha?|Aya sabaraha dina gambar?|Aya sabaraha di dieu?",
    ),
}  # fmt: skip


def _split(row: str) -> dict[Split, tuple[str, ...]]:
    *train, validation, test = row.split("|")
    return {"train": tuple(train), "validation": (validation,), "test": (test,)}


QUESTIONS: dict[str, dict[Kind, dict[Split, tuple[str, ...]]]] = {
    language: {kind: _split(row) for kind, row in zip(KINDS, rows, strict=True)} for language, rows in _WORDING.items()
}
