"""The words that questions about the small world are answered with: countries, aspects and colours, in its languages.

Ordered as `COUNTRIES`, `ASPECTS` and `COLORS` are; counts are answered with digits everywhere.
"""

from __future__ import annotations

from .registry import GLOBAL_ASPECTS
from .scene import COLORS

COUNTRIES = ("BN", "ID", "KH", "LA", "MM", "MY", "PH", "SG", "TH", "TL", "VN")

_COUNTRIES = {
    "en": "Brunei|Indonesia|Cambodia|Laos|Myanmar|Malaysia|Philippines|Singapore|Thailand|East Timor|Vietnam",
    "id": "Brunei|Indonesia|Kamboja|Laos|Myanmar|Malaysia|Filipina|Singapura|Thailand|Timor Leste|Vietnam",
    "ms": "Brunei|Indonesia|Kemboja|Laos|Myanmar|Malaysia|Filipina|Singapura|Thailand|Timor Leste|Vietnam",
    "th": "บรูไน|อินโดนีเซีย|กัมพูชา|ลาว|เมียนมา|มาเลเซีย|ฟิลิปปินส์|สิงคโปร์|ไทย|ติมอร์ตะวันออก|เวียดนาม",
    "vi": "Brunei|Indonesia|Campuchia|Lào|Myanmar|Malaysia|Philippines|Singapore|Thái Lan|Đông Timor|Việt Nam",
    "fil": "Brunei|Indonesia|Cambodia|Laos|Myanmar|Malaysia|Pilipinas|Singapore|Thailand|Silangang Timor|Vietnam",
    "km": "ប្រ៊ុយណេ|ឥណ្ឌូនេស៊ី|កម្ពុជា|ឡាវ|មីយ៉ាន់ម៉ា|ម៉ាឡេស៊ី|ហ្វីលីពីន|សិង្ហបុរី|ថៃ|ទីម័រខាងកើត|វៀតណាម",
    "lo": "ບຣູໄນ|ອິນໂດເນເຊຍ|ກຳປູເຈຍ|ລາວ|ມຽນມາ|ມາເລເຊຍ|ຟີລິບປິນ|ສິງກະໂປ|ໄທ|ຕີມໍຕາເວັນອອກ|ຫວຽດນາມ",
    "my": "ဘရူနိုင်း|အင်ဒိုနီးရှား|ကမ္ဘောဒီးယား|လာအို|မြန်မာ|မလေးရှား|ဖိလစ်ပိုင်|စင်ကာပူ|ထိုင်း|အရှေ့တီမော|ဗီယက်နမ်",
    "ta": "புருணை|இந்தோனேசியா|கம்போடியா|லாவோஸ்|மியான்மர்|மலேசியா|பிலிப்பைன்ஸ்|சிங்கப்பூர்|தாய்லாந்து|கிழக்கு திமோர்|வியட்நாம்",
    "zh": "文莱|印度尼西亚|柬埔寨|老挝|缅甸|马来西亚|菲律宾|新加坡|泰国|东帝汶|越南",
    "pt": "Brunei|Indonésia|Camboja|Laos|Mianmar|Malásia|Filipinas|Singapura|Tailândia|Timor-Leste|Vietname",
    "tet": "Brunei|Indonézia|Kamboja|Laos|Mianmar|Malázia|Filipina|Singapura|Tailándia|Timor-Leste|Vietname",
    "jv": "Brunei|Indonesia|Kamboja|Laos|Myanmar|Malaysia|Filipina|Singapura|Thailand|Timor Wétan|Vietnam",
    "su": "Brunei|Indonesia|Kamboja|Laos|Myanmar|Malaysia|Filipina|Singapura|Thailand|Timor Wétan|Viétnam",
}

_ASPECTS = {  # cuisine landmark tradition clothing craft transport nature animal household tool sport music sky
    "en": "food|landmark|tradition|clothing|craft|transport|nature|animal|household item|tool|sport|music|sky",
    "id": "makanan|bangunan terkenal|tradisi|pakaian|kerajinan|kendaraan|alam|hewan|barang rumah tangga|alat|"
          "olahraga|musik|langit",
    "ms": "makanan|mercu tanda|tradisi|pakaian|kraf|kenderaan|alam|haiwan|barang rumah|alat|sukan|muzik|langit",
    "th": "อาหาร|สถานที่สำคัญ|ประเพณี|เสื้อผ้า|งานฝีมือ|ยานพาหนะ|ธรรมชาติ|สัตว์|ของใช้ในบ้าน|เครื่องมือ|กีฬา|ดนตรี|ท้องฟ้า",
    "vi": "món ăn|công trình|truyền thống|trang phục|thủ công|phương tiện|thiên nhiên|động vật|đồ gia dụng|dụng cụ|"
          "thể thao|âm nhạc|bầu trời",
    "fil": "pagkain|palatandaan|tradisyon|damit|gawang-kamay|sasakyan|kalikasan|hayop|gamit sa bahay|kasangkapan|"
           "isport|musika|langit",
    "km": "អាហារ|ទីសម្គាល់|ប្រពៃណី|សម្លៀកបំពាក់|សិប្បកម្ម|យានជំនិះ|ធម្មជាតិ|សត្វ|របស់ប្រើក្នុងផ្ទះ|ឧបករណ៍|កីឡា|តន្ត្រី|មេឃ",
    "lo": "ອາຫານ|ສະຖານທີ່ສຳຄັນ|ປະເພນີ|ເຄື່ອງນຸ່ງ|ຫັດຖະກຳ|ພາຫະນະ|ທຳມະຊາດ|ສັດ|ເຄື່ອງໃຊ້ໃນເຮືອນ|ເຄື່ອງມື|ກິລາ|ດົນຕີ|ທ້ອງຟ້າ",
    "my": "အစားအစာ|အထင်ကရနေရာ|ရိုးရာဓလေ့|အဝတ်အစား|လက်မှုပညာ|ယာဉ်|သဘာဝ|တိရစ္ဆာန်|အိမ်သုံးပစ္စည်း|ကိရိယာ|အားကစား|ဂီတ|ကောင်းကင်",
    "ta": "உணவு|அடையாளச் சின்னம்|மரபு|உடை|கைவினை|வாகனம்|இயற்கை|விலங்கு|வீட்டுப் பொருள்|கருவி|விளையாட்டு|இசை|வானம்",
    "zh": "食物|地标|传统|服装|手工艺|交通工具|自然|动物|家居用品|工具|体育|音乐|天空",
    "pt": "comida|monumento|tradição|roupa|artesanato|transporte|natureza|animal|objeto da casa|ferramenta|"
          "desporto|música|céu",
    "tet": "hahán|monumentu|tradisaun|roupa|artezanatu|transporte|natureza|animál|sasán uma nian|ferramenta|"
           "desportu|múzika|lalehan",
    "jv": "panganan|bangunan misuwur|tradhisi|sandhangan|kerajinan|tumpakan|alam|kéwan|prabot omah|piranti|"
          "olahraga|musik|langit",
    "su": "kadaharan|wangunan kawentar|tradisi|papakéan|karajinan|tutumpakan|alam|sasatoan|parabot imah|pakakas|"
          "olahraga|musik|langit",
}  # fmt: skip

_COLORS = {  # red blue green yellow orange purple brown pink grey teal
    "en": "red|blue|green|yellow|orange|purple|brown|pink|grey|teal",
    "id": "merah|biru|hijau|kuning|oranye|ungu|cokelat|merah muda|abu-abu|hijau kebiruan",
    "ms": "merah|biru|hijau|kuning|jingga|ungu|coklat|merah jambu|kelabu|hijau kebiruan",
    "th": "สีแดง|สีน้ำเงิน|สีเขียว|สีเหลือง|สีส้ม|สีม่วง|สีน้ำตาล|สีชมพู|สีเทา|สีเขียวหัวเป็ด",
    "vi": "màu đỏ|màu xanh dương|màu xanh lá|màu vàng|màu cam|màu tím|màu nâu|màu hồng|màu xám|màu xanh mòng két",
    "fil": "pula|asul|berde|dilaw|kahel|lila|kayumanggi|rosas|abo|asul-berde",
    "km": "ពណ៌ក្រហម|ពណ៌ខៀវ|ពណ៌បៃតង|ពណ៌លឿង|ពណ៌ទឹកក្រូច|ពណ៌ស្វាយ|ពណ៌ត្នោត|ពណ៌ផ្កាឈូក|ពណ៌ប្រផេះ|ពណ៌ខៀវបៃតង",
    "lo": "ສີແດງ|ສີຟ້າ|ສີຂຽວ|ສີເຫຼືອງ|ສີສົ້ມ|ສີມ່ວງ|ສີນ້ຳຕານ|ສີບົວ|ສີເທົາ|ສີຟ້າຂຽວ",
    "my": "အနီရောင်|အပြာရောင်|အစိမ်းရောင်|အဝါရောင်|လိမ္မော်ရောင်|ခရမ်းရောင်|အညိုရောင်|ပန်းရောင်|မီးခိုးရောင်|စိမ်းပြာရောင်",
    "ta": "சிவப்பு|நீலம்|பச்சை|மஞ்சள்|ஆரஞ்சு|ஊதா|பழுப்பு|இளஞ்சிவப்பு|சாம்பல்|நீலப்பச்சை",
    "zh": "红色|蓝色|绿色|黄色|橙色|紫色|棕色|粉色|灰色|青色",
    "pt": "vermelho|azul|verde|amarelo|laranja|roxo|castanho|cor-de-rosa|cinzento|azul-esverdeado",
    "tet": "mean|azul|verde|kinur|laranja|roxu|kastañu|kór-de-roza|kinzentu|azul-verde",
    "jv": "abang|biru|ijo|kuning|jingga|wungu|coklat|jambon|klawu|ijo kebiruan",
    "su": "beureum|biru|héjo|konéng|oranyeu|bungur|coklat|kayas|kulawu|héjo kabiruan",
}


def _table(rows: dict[str, str], keys: tuple[str, ...]) -> dict[str, dict[str, str]]:
    return {language: dict(zip(keys, row.split("|"), strict=True)) for language, row in rows.items()}


COUNTRY_NAMES = _table(_COUNTRIES, COUNTRIES)
ASPECT_NAMES = _table(_ASPECTS, GLOBAL_ASPECTS)
COLOR_NAMES = _table(_COLORS, tuple(COLORS))
