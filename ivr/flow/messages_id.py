"""The sentences of faults in Indonesian, by code. Names in braces come from the finding."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # the directory and its files
    "no-hotline": "direktori ini tidak memiliki hotline.yaml; buatlah dengan numbers, languages,"
    " defaults",
    "newer-language": "alur ini memakai bahasa versi {version}, sedangkan program ini hanya"
    " mengenal versi {known}; gunakan rilis program yang lebih baru",
    "unreadable-file": "berkas tidak dapat dibaca: {reason}; perbaiki izinnya, atau singkirkan",
    "file-name": "nama berkas alur terdiri atas huruf kecil, angka, dan _, diawali huruf, dan"
    " diakhiri .yaml; ganti namanya dan samakan `flow:`",
    "yml-file": "berkas ini akan diabaikan; namanya harus berakhir dengan .yaml",
    "too-large": "berkas lebih besar dari {most} KiB; bagilah",
    "not-utf8": "berkas bukan teks UTF-8; simpan dengan pengodean itu",
    "unreadable-character": "karakter {character} tidak boleh ada dalam teks; hapuslah",
    "empty-file": "berkas kosong",
    "many-documents": "dokumen kedua dimulai di sini; satu berkas satu dokumen, hapus ---",
    "not-a-mapping": "berkas harus berisi baris `nama: nilai`, bukan daftar atau satu teks saja",
    "not-a-list": "berkas harus berupa daftar; awali setiap baris dengan `- `",
    "too-deep": "teks bersarang lebih dari {most} tingkat",
    "too-many-parts": "berkas memiliki lebih dari {most} bagian, setiap alias dihitung",
    # YAML
    "not-yaml": "ini bukan YAML; periksa tanda kutip, titik dua, atau spasi yang kurang",
    "yaml-star": 'YAML mengartikan * tanpa tanda kutip sebagai hal lain; beri tanda kutip: "*"',
    "yaml-sign": "teks tidak boleh diawali {sign}; beri tanda kutip pada seluruh teks",
    "yaml-tab": "tab tidak boleh dipakai di sini; gunakan spasi",
    "yaml-quote": "tanda kutip ini tidak pernah ditutup",
    "curly-quotes": "ini tanda kutip dari pengolah kata; ketik tanda kutip lurus di papan ketik",
    "invisible-space": "di sini ada karakter tak terlihat, sering karena disalin; hapus dan ketik"
    " spasi",
    "yaml-escape": "tanda \\ di antara kutip ganda mengawali kode; gunakan kutip tunggal",
    "yaml-brackets": "kurung ini tidak pernah ditutup, atau ada isian tanpa koma di dalamnya",
    "yaml-quoted-start": "teks berlanjut setelah kutip penutup; beri tanda kutip pada seluruhnya,"
    " yang di dalam kutip tunggal",
    "yaml-brace-start": "teks yang diawali isian {{…}} memerlukan tanda kutip pada seluruhnya",
    "yaml-colon": "ada titik dua kedua dalam baris ini; beri tanda kutip pada teksnya",
    "yaml-indentation": "baris ini tidak menjorok seperti baris di atasnya",
    "yaml-no-colon": "titik dua kurang setelah nama di baris ini atau di atasnya",
    "yaml-dash": "daftar dimulai di baris tersendiri, bukan setelah titik dua",
    "tag": "{tag} adalah tag YAML, yang tidak dipakai di sini; beri tanda kutip pada teks yang"
    " diawali !",
    "too-many-aliases": "*jangkar dipakai lebih dari {most} kali",
    "unknown-anchor": "tidak ada jangkar &{name}; teks yang diawali * memerlukan tanda kutip",
    "merge-key": "<< tidak didukung; tuliskan isinya",
    "key-not-a-word": "nama sebelum titik dua harus satu kata atau teks bertanda kutip",
    "duplicate-key": "nama yang sama sudah ada di baris {line}",
    "empty-value": "tidak ada apa-apa setelah '{name}'",
    "comment-value": "yang ada setelah '{name}' adalah komentar; beri tanda kutip pada teks dengan"
    " #",
    "comment-key": 'baris ini adalah komentar; beri tanda kutip pada tombolnya: "#"',
    "braces-comma": "di dalam {{ }} koma mengawali isian baru, '{name}'; beri tanda kutip pada teks"
    " atau tulis di bawahnya",
    "braces-placeholder": '{{{name}}} tanpa tanda kutip bukan isian; tulislah "{{{name}}}"',
    # fields and their values
    "missing-field": "'{name}' tidak ada",
    "unknown-field": "tidak ada kolom '{name}' di sini",
    "node-indentation": "'{name}' tampaknya simpul, tetapi letaknya tidak sedalam simpul; geser dua"
    " spasi, di bawah `nodes:`",
    "missing-type": "'type' tidak ada: say, menu, collect …",
    "unknown-type": "tidak ada jenis simpul '{value}'",
    "unknown-source-type": "tidak ada jenis sumber '{value}'",
    "text-expected": "di sini harus ada teks",
    "number-expected": "di sini harus ada bilangan bulat, bukan '{value}'",
    "yes-or-no": "di sini harus true atau false, bukan '{value}'",
    "list-expected": "di sini harus ada daftar; awali setiap isian dengan `- `",
    "mapping-expected": "di sini harus ada baris `nama: nilai`",
    "bad-choice": "'{value}' tidak dapat dipakai di sini; pilihannya: {choices}",
    "too-little": "nilai terkecil di sini {limit}",
    "too-much": "nilai terbesar di sini {limit}",
    "too-few": "di sini perlu paling sedikit {limit} isian",
    "too-many": "di sini paling banyak {limit} isian",
    "duration": "'{value}' bukan lama waktu; tulis bilangan dan satuan: 500ms, 8s, 15m, 1h",
    "name": "'{value}' bukan nama; gunakan huruf kecil, angka, dan _, diawali huruf",
    "flow-name": "'{value}' bukan nama alur; namanya letak berkas tanpa .yaml, dengan huruf"
    " kecil, angka, dan _: tax, shared/officer",
    "key-sequence": '\'{value}\' bukan tombol; gunakan satu sampai empat dari 0-9, "*", dan "#"',
    "language-name": "'{value}' bukan bahasa; tulis dua huruf kecil: id, en, jv",
    "language-twice": "bahasa '{name}' sudah ada dalam daftar; sisakan satu",
    "hotline-name": "'{value}' bukan nama layanan; gunakan huruf kecil, angka, dan -",
    "phone-number": "'{value}' bukan nomor telepon; gunakan paling banyak 15 angka",
    "digits-range": "'{value}' bukan jumlah angka; tulis 6 atau 15-16",
    "digits-or-as": "tulis banyaknya angka dengan `digits` atau jenisnya dengan `as`: salah satu",
    "sensitive-public": "`sensitive` dan `public` tidak dapat bersama",
    "sensitive-confirm": "angka rahasia hanya dibacakan dengan `confirm: last4`",
    "needs-review": "waktu, jumlah percobaan, tombol, dan `review_keys` sebuah pesan adalah untuk"
    " peninjauannya; tulis `review: true`, atau hapus semuanya",
    "if-or-when": "satu kasus memiliki `if` atau `when`, salah satu",
    "destination-name": "'{value}' bukan nama tujuan sambungan; gunakan huruf kecil, angka, dan -",
    "dial-or-queue": "tujuan memiliki `dial` (pesawat) atau `queue` (antrean): salah satu",
    "ring-or-wait": "`ring` milik `dial`, `wait` milik `queue`",
    # names that lead nowhere
    "flow-file": "alur ini bernama '{name}', tetapi berkasnya menyebut '{expected}';"
    " ganti salah satu",
    "reserved-name": "nama '{name}' memiliki arti sendiri; pilih nama lain",
    "unknown-node": "tidak ada simpul '{name}'",
    "unknown-flow": "tidak ada alur '{name}'",
    "unknown-number": "'numbers' tidak memiliki '{name}'",
    "unknown-source": "sources.yaml tidak memiliki sumber '{name}'",
    "unknown-webhook": "sources.yaml tidak memiliki webhook '{name}'",
    "unknown-language": "layanan ini tidak berbahasa '{name}'; bahasanya: {languages}",
    "unknown-timezone": "tidak ada zona waktu '{name}'; Indonesia memiliki Asia/Jakarta,"
    " Asia/Makassar, Asia/Jayapura",
    "unknown-input": "alur '{owner}' tidak memiliki masukan '{name}'",
    "missing-input": "alur '{owner}' memerlukan '{name}' di bawah `with`",
    "unknown-key": "sumber '{owner}' tidak ditanya dengan '{name}'",
    "missing-key": "sumber '{owner}' memerlukan '{name}' di bawah `with`",
    "unknown-message-field": "webhook '{owner}' tidak diberi '{name}'",
    "missing-message-field": "webhook '{owner}' memerlukan '{name}' di bawah `with`",
    "number-without-inputs": "nomor tidak dapat menuju '{name}', yang memerlukan: {inputs}",
    "unknown-destination": "hotline.yaml tidak memiliki tujuan '{name}'",
    "missing-exit": "tidak ada kelanjutan setelah: {exits}; beri masing-masing tujuan, atau"
    " `otherwise` untuk semuanya",
    "no-results": "alur '{name}' tidak memiliki `results` untuk diambil",
    "no-numbers": "tidak ada nomor yang menuju alur; tambahkan di bawah `numbers`",
    "hotline-target": "'{name}' adalah simpul, padahal di sini hanya alur yang mungkin:"
    " next: {{flow: …}}",
    "unknown-reason": "angka tidak pernah ditolak karena '{name}'; alasannya: {reasons}",
    # keys and options
    "key-twice": "tombol {key} sudah dipakai pilihan lain",
    "answer-twice": "satu tombol tidak dapat berarti dua jawaban; beri masing-masing tombolnya",
    "option-twice": "sudah ada pilihan lain bernama '{name}'",
    "key-prefix": "tombol {key} diawali {other}, yang memiliki arti sendiri",
    "many-options": "menu ini punya {number} pilihan, penelepon mengingat {most}; bagi menjadi dua"
    " menu",
    "long-menu": "menu ini memakan sekitar {seconds} detik dalam bahasa '{language}', penelepon"
    " mengikuti {most}; persingkat label, atau bagi menjadi dua menu",
    "key-single": "tombol {key} terlalu panjang; selama menunggu petugas satu tombol menentukan",
    "option-without-next": "pilihan '{name}' tidak menuju ke mana pun; beri `next` padanya atau"
    " pada menu",
    "option-without-label": "pilihan '{name}' tidak diucapkan; beri `label` padanya atau `say` pada"
    " menu",
    "value-without-into": "nilai ini hilang; tulis di `into` nama yang menampungnya",
    "no-give-up": "tujuan penelepon yang kehabisan percobaan tidak ada; tambahkan `on_give_up`",
    # texts
    "missing-text": "teks '{id}' tidak ada dalam bahasa '{language}'",
    "unknown-text": "tidak ada simpul dengan teks '{id}'",
    "text-twice": "teks '{id}' sudah ada di {file}",
    "stale-text": "teks '{id}' dalam bahasa '{language}' telah berubah sejak ini ditulis; ubah juga"
    " yang ini, atau nyatakan masih sesuai: ivr texts accept {id}",
    "unknown-phrase": "mesin tidak memiliki frasa '{name}'",
    "phrase-placeholders": "frasa '{id}' harus memiliki tepat isian ini: {placeholders}",
    "placeholders-differ": "'{id}' harus memiliki isian yang sama seperti dalam '{language}':"
    " {placeholders}",
    "long-prompt": "teks ini memakan sekitar {seconds} detik, penelepon mengikuti {most};"
    " persingkat, atau tanyakan dulu apa yang ingin diketahui",
    "comment-in-text": "penelepon tidak mendengar {remark}: bagi YAML itu komentar; jika itu teks,"
    " beri tanda kutip pada seluruhnya, jika bukan, tulis di baris sendiri",
    "empty-text": "teks ini tidak berisi kata",
    "brace-alone": "ada satu {value} dalam teks; tulis dua kali bila dimaksud sebagai karakter",
    "placeholder-name": "'{value}' bukan nama isian: {{nama}}, {{nama.kolom}}, atau {{nama:jenis}}",
    "speech-kind": "tidak ada cara pengucapan bernama '{value}'",
    # names and values
    "undefined-name": "tidak ada yang memberi nilai pada '{name}' dalam alur ini",
    "needs-field": "'{name}' memiliki beberapa nilai; pilih satu: {fields}",
    "free-text": "nilai '{name}' tidak memiliki suara sendiri; tulis cara mengucapkannya:"
    " {{{name}:number}}, {{{name}:date}} …",
    "secret-spoken": "'{name}' rahasia; hanya empat angka terakhirnya boleh diucapkan:"
    " {{{name}:last4}}",
    "secret-used": "'{name}' rahasia; hanya dapat diteruskan utuh di bawah `with`",
    "personal-sent": (
        "'{name}' menyangkut seseorang; hapus, atau tulis `personal: true` pada "
        "webhook '{webhook}' bila orang telah menyetujuinya"
    ),
    "secret-sent": "'{name}' rahasia, dan webhook tidak pernah diberi rahasia; hapus",
    "expression-syntax": "rumus ini tidak dapat dipahami pada: {rest}",
    "expression-length": "rumus ini lebih dari {limit} karakter",
    "expression-types": "'{name}' tidak berlaku untuk jenis ini: {types}",
    "expression-function": "tidak ada fungsi '{name}' dalam rumus",
    "expression-macro": "'{name}' menelusuri daftar, yang tidak dapat dilakukan rumus",
    "expression-result": "rumus ini menghasilkan '{name}', bukan teks, bilangan bulat, atau"
    " true/false",
    "not-a-condition": "syarat harus true atau false, ini menghasilkan: {type}",
    # sources and tables
    "no-table": "tidak ada tabel '{name}': berkas {file} tidak ada",
    "unused-table": "tidak ada sumber yang memakai tabel '{name}'; sebut di `table`, atau hapus"
    " berkasnya",
    "bad-row": "satu baris tabel terdiri atas baris `kolom: teks`",
    "missing-column": "baris ini tidak memiliki kolom '{name}'",
    "cell-number": "'{value}' bukan bilangan bulat, padahal kolom '{name}' harus demikian",
    "cell-date": "'{value}' bukan tanggal seperti 2026-03-31, padahal kolom '{name}' harus itu",
    "cell-without-word": "kolom '{name}' tidak memiliki kata untuk '{value}'",
    "cell-identifier": "ini tidak mungkin nomor jenis {kind}: {reason}",
    "row-twice": "baris {row} sudah memiliki kunci yang sama, sehingga yang ini tidak ditemukan",
    "address": (
        "ini bukan alamat; tulis https://HOST/JALUR tanpa nama atau kata sandi di depan host"
    ),
    "address-plain": "http dapat dibaca di jalan; tulis https (http hanya untuk mesin ini sendiri)",
    "address-placeholder": (
        "isian hanya untuk bagian jalur atau nilai kueri, dan alamat webhook tidak memilikinya"
    ),
    "header-name": "'{name}' bukan header yang dapat diberikan di sini",
    "json-path": "'{value}' bukan jalur ke satu nilai; tulis seperti $.data.name",
    "body-with-get": "GET tidak memiliki isi; hapus `body`, atau tambahkan `method: POST`",
    "retries-unkeyed": (
        "POST yang dikirim ulang dapat bekerja dua kali; hapus `retries`, atau tulis "
        "`keyed: true` bila layanan itu mengenal header Idempotency-Key"
    ),
    "entry-name": "'{value}' bukan nama entry point: huruf, angka, titik, - dan _",
    "not-a-key": "'{name}' tidak termasuk argumen di bawah `key`",
    "key-unused": "argumen '{name}' tidak pernah dikirim: tidak ada di `url` maupun `body`",
    "secret-in-file": (
        "ini tampak seperti rahasia yang dapat dipakai setiap pembaca berkas; tulis "
        "`{{secret: NAMA}}` sebagai nilai header, dan serahkan rahasianya kepada "
        "operator"
    ),
    "found-or-failed": "sebuah contoh memiliki `found` atau `failed`, salah satu",
    "no-examples": (
        "sumber '{name}' tidak memiliki contoh yang menemukan sesuatu, sehingga "
        "panggilan simulasi pun tidak"
    ),
    "example-field": "sumber ini tidak memiliki kolom '{name}'",
    "example-lacks": (
        "contoh ini tidak memiliki kolom '{name}', yang harus ada dalam setiap jawaban"
    ),
    "silent-wait": (
        "'{name}' dapat memakan {seconds} detik tanpa suara bagi penelepon; tambahkan `meanwhile`"
    ),
    # calendars
    "opening-hours": "'{value}' bukan jam buka; tulis 08:00-16:00, 24h, closed, atau daftar jam",
    "weekday": "'{name}' bukan hari; tulis monday, atau monday-friday untuk beberapa hari",
    "calendar-date": "'{value}' bukan tanggal; tulis seperti 2026-03-31",
    "unknown-calendar": "calendars.yaml tidak memiliki kalender '{name}'",
    "weekday-twice": "{name} sudah ada di bawah '{other}'; tulis setiap hari satu kali",
    "hours-overlap": "jam {value} mulai sebelum jam sebelumnya berakhir; gabungkan atau perpendek",
    "empty-calendar": "kalender '{name}' tidak pernah buka; tulis jam untuk salah satu hari",
    "day-twice": "tanggal {value} sudah memiliki jam, di bawah '{name}'; pilih satu",
    "dates-reversed": "tanggal akhir {last} lebih awal daripada tanggal awal {first}; tukarlah",
    "override-overlap": (
        "sebagian tanggal ini sudah masuk '{name}'; akhiri yang satu sebelum yang lain mulai"
    ),
    "override-expired": "ini berakhir {last}, tidak berlaku lagi; hapus atau beri tanggal baru",
    "no-holidays": (
        "hari libur {year} belum diketahui (hanya sampai {last}), sehingga pada banyak "
        "hari tahun itu tidak dapat dipastikan kantor buka; pasang versi baru paket "
        "`holidays`"
    ),
    "exit-never-taken": "kalender '{name}' tidak pernah menuju `{exit}`; hapus baris ini",
    "never-closes": (
        "ada teks yang mengucapkan {{{into}.closes}}, padahal kalender '{name}' mungkin "
        "tidak pernah tutup; hapus dari teks itu"
    ),
    "needs-unknown": (
        "ada teks yang mengucapkan kapan '{name}' buka ({into}.opens_date atau "
        "opens_time), padahal itu tidak diketahui selama hari libur suatu tahun belum "
        "ditetapkan; tambahkan `unknown:` menuju jalan tanpa teks itu"
    ),
    # paths
    "unreachable-node": "tidak ada yang menuju simpul '{name}'",
    "unreachable-flow": "tidak ada nomor, lompatan, atau subalur yang menuju alur '{name}'",
    "dead-end": "panggilan tidak dapat berakhir dari sini: {nodes}",
    "silent-loop": "simpul ini saling menuju tanpa menunggu penelepon: {nodes}",
    "unbounded-loop": "penelepon yang diam berputar di sini tanpa akhir: {nodes}; tambahkan"
    " `visits`",
    "no-person": "tidak ada tombol atau jalan keluar '{name}' yang menuju petugas (alur"
    " '{person}')",
    "no-person-flow": "'person' tidak ada: alur yang menuju petugas",
    "return-outside": "tidak ada simpul subflow yang menuju '{name}', sehingga `return` mengakhiri"
    " panggilan",
    "recursive-subflow": "alur ini saling menjalankan tanpa akhir: {flows}",
    # skrip panggilan
    "script-step": "ini bukan sesuatu yang terjadi dalam panggilan; langkah diawali press, silence,"
    " speak, wait, listen, hang_up, officers, lookups, hear, reach, value atau outcome",
    "script-steps": "dua hal sekaligus; awali masing-masing dengan `- ` di baris tersendiri",
    "script-press": '\'{value}\' bukan tombol; tulis angka, "*" dan "#"',
    "script-date": "'{value}' bukan tanggal dan jam; tulis seperti 2026-03-31T09:30",
    "script-no-dial": "tidak ada yang menelepon; awali dengan `- dial:` di sini atau di `begin`",
    "script-dials-again": "panggilan sudah dimulai; `dial` kedua milik panggilan lain",
    "script-expects-nothing": "panggilan ini lulus apa pun yang terdengar; tambahkan `hear`",
    "script-hung-up": "penelepon sudah menutup telepon di atas, tidak bisa berbuat apa-apa lagi",
    "script-field": "sumber itu tidak punya kolom '{name}'",
    "script-found-where": "`found` milik satu sumber; sebut namanya di bawah `lookups`",
    "unknown-outcome": "tidak ada panggilan yang dihitung sebagai '{name}'",
}
