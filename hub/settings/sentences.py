"""The words of every mistake: key to (English, Chinese). The place comes in front, see Fault.say.

Each says what is wrong, what is allowed, and what to do. No sentence shows a secret.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence that differs between the languages."""

    english: str
    chinese: str


def as_it_is(text: str) -> Phrase:
    """Return text of our own that both languages show whole, whatever its length."""
    return Phrase(text, text)


A_NUMBER = Phrase("a number", "数字")
TRUE_OR_FALSE = Phrase("true or false", "真假值")
NOTHING = Phrase("nothing", "空值")
THE_DATABASE = Phrase("the database", "数据库里")

_FILES = {
    "no_folder": (
        "is not a folder that can be read. Name the folder that holds hub.yaml with --config or CAREHUB_CONFIG.",
        "不是能读的文件夹。请用 --config 或 CAREHUB_CONFIG 指明 hub.yaml 所在的文件夹。",
    ),
    "file_missing": (
        "there is no such file. A configuration folder holds hub.yaml and at least one homes*.yaml; add it.",
        "没有这个文件。配置文件夹里要有 hub.yaml 和至少一个 homes*.yaml，请加上。",
    ),
    "unreadable": (
        "cannot be read ({reason}). Let the user who runs carehub read it.",
        "读不了（{reason}）。请让运行 carehub 的用户有权读它。",
    ),
    "not_utf8": (
        "is not UTF-8 text (byte {position}). Save it as UTF-8.",
        "不是 UTF-8 文本（第 {position} 字节）。请另存为 UTF-8。",
    ),
    "too_large": (
        "has more than {limit} MB. Split it into several homes*.yaml.",
        "超过 {limit} MB。请分成几个 homes*.yaml。",
    ),
    "not_read": (
        "is not read: only hub.yaml and homes*.yaml count. Rename it if it should count.",
        "不会被读取：只读 hub.yaml 和 homes*.yaml。要用它请改名。",
    ),
    "empty_file": ("is empty. See the commented example in config/.", "是空的。请看 config/ 里带说明的例子。"),
    "no_names": (
        'holds no names at its top: write lines like "people: …", see the commented example in config/.',
        "顶层应是“名字: 值”，例如“people: …”。请看 config/ 里带说明的例子。",
    ),
    "secret_missing": (
        "is not set, but channel {channel} needs it. Put it into the environment, or its file into {name}_FILE.",
        "没有设置，通道 {channel} 要用它。请放进环境变量，或用 {name}_FILE 指明存放它的文件。",
    ),
    "secret_empty": (
        "the file it names is empty. Write the secret into it.",
        "所指的文件是空的。请把密码写进去。",
    ),
    "secret_file_missing": (
        "there is no such file. Put the secret there or correct the name.",
        "没有这个文件。请把密码放到那里，或改正文件名。",
    ),
    "secret_twice": (
        "{name} and {name}_FILE are both set. Keep one of them.",
        "{name} 和 {name}_FILE 都设置了。请只留一个。",
    ),
    "variable_section": (
        "names a section, not one value. Name one value in it, like CAREHUB_MQTT__URL.",
        "指的是一整节，不是一个值。请指明其中一个值，例如 CAREHUB_MQTT__URL。",
    ),
    "variable_nowhere": (
        'there is no "{key}" to go into. Two underscores lead into a section, steps count from 1.',
        "里面没有“{key}”。两个下划线进入一节，步骤从 1 数起。",
    ),
}

_YAML = {
    "syntax": (
        "this is not YAML: {problem}. Look for a bracket, a quote or an indent that does not match.",
        "不是正确的 YAML：{problem}。请检查括号、引号和缩进。",
    ),
    "one_document": (
        'a second document begins here. Remove the line "---".',
        "这里又开始了一个文档。请删掉“---”这一行。",
    ),
    "duplicate_key": (
        '"{key}" stands here again, first in line {first}. Keep one of them.',
        "“{key}”在这里重复了，第一次在第 {first} 行。请只留一个。",
    ),
    "key_not_text": (
        'YAML reads the key "{key}" as {what}, not as text. Quote it: "{key}".',
        'YAML 把键“{key}”读成{what}，不是文字。请加引号："{key}"。',
    ),
    "key_not_word": (
        "a list or section cannot be a key. Write name: value.",
        "列表或一节不能当键。请写成 名字: 值。",
    ),
    "merge_key": (
        "<< is not supported. Write the values out.",
        "不支持 <<。请把各项写出来。",
    ),
    "tag": ("the tag {tag} has no meaning here. Remove it.", "标签 {tag} 在这里没有意义。请删掉。"),
    "alias_unknown": (
        "*{name} is used before &{name} is defined. Write the value out.",
        "*{name} 用在 &{name} 之前。请把值写出来。",
    ),
    "alias_self": ("*{name} contains itself. Write the value out.", "*{name} 包含了自己。请把值写出来。"),
    "alias_size": (
        "*{name} and the like make more values than the file has characters. Write the values out.",
        "*{name} 之类展开得太多。请把值写出来。",
    ),
    "too_deep": ("is nested more than {limit} deep. Flatten it.", "嵌套超过 {limit} 层。请写平一些。"),
}

_SHAPES = {
    "quote": (
        '{subject}{key}: YAML reads {value} as {what}, not as text. Quote it: "{value}".',
        '{subject}{key}：YAML 把 {value} 读成{what}，不是文字。请加引号："{value}"。',
    ),
    "leading_zero": (
        "{subject}{key}: YAML reads {value} as an octal number. Write it without the leading zero.",
        "{subject}{key}：YAML 把 {value} 读成八进制数。请去掉开头的 0。",
    ),
    "not_text": (
        '{subject}{key} must be one text. Write {key}: "…".',
        '{subject}{key} 应是一段文字。请写成 {key}: "…"。',
    ),
    "not_list": (
        "{subject}{key} must be a list. Write {key}: [first, second].",
        "{subject}{key} 应是列表。请写成 {key}: [甲, 乙]。",
    ),
    "not_section": (
        "{subject}{key} must be a section of names and values. Write {key}: {{name: value}}.",
        "{subject}{key} 应是一节“名字: 值”。请写成 {key}: {{名字: 值}}。",
    ),
    "missing": (
        '{subject}"{key}" is missing. Add it, for example {example}.',
        "{subject}缺少“{key}”。请加上，例如 {example}。",
    ),
    "unknown_key": (
        '{subject}there is no key "{key}" here{hint} Allowed: {allowed}.',
        "{subject}这里没有“{key}”这个键{hint}可用的有 {allowed}。",
    ),
    "secret_key": (
        '{subject}"{key}" must not stand in a file that is copied and shared. Remove it and set {instead}.',
        "{subject}“{key}”不能写在会被复制和共享的文件里。请删掉，改用 {instead}。",
    ),
    "secret_in_url": (
        "{subject}{key} holds a password, which must not stand in this file. Remove it and set {instead}.",
        "{subject}{key} 里有密码，不能写在这个文件里。请删掉，改用 {instead}。",
    ),
    "empty": ("{subject}{key} is empty. Write something or remove it.", "{subject}{key} 是空的。请填写或删掉。"),
    "too_long": (
        "{subject}{key} has more than {limit} characters. Shorten it.",
        "{subject}{key} 超过 {limit} 个字符。请写短些。",
    ),
    "control": (
        "{subject}{key} contains an invisible control character. Type it again.",
        "{subject}{key} 里有看不见的控制字符。请重新输入。",
    ),
    "bad_id": (
        '{subject}{key} "{value}" is not an id: letters a-z A-Z, digits, . _ - only, at most 64, first a letter or '
        "digit. Rename it.",
        "{subject}{key}“{value}”不能当编号：只能用英文字母、数字和 . _ -，最多 64 个，开头是字母或数字。请改名。",
    ),
    "reserved_id": (
        '{subject}the id "{value}" is a word of the ladder or of the hub. Choose another id.',
        "{subject}编号“{value}”是系统用的词。请换一个编号。",
    ),
    "not_one_of": (
        '{subject}{key} "{value}" does not exist{hint} Allowed: {allowed}.',
        "{subject}{key} 没有“{value}”{hint}可用的有 {allowed}。",
    ),
    "value": ("{subject}{key}: {reason}. Correct it.", "{subject}{key}：{reason}。请改正。"),
    "duration": (
        '{subject}{key} "{value}" is not a duration: a whole number with s, m, h, d or y, like 60s, 10m, 24h, 7d, 1y. '
        "Correct it.",
        "{subject}{key}“{value}”不是时长：整数加 s、m、h、d 或 y，例如 60s、10m、24h、7d、1y。请改正。",
    ),
    "duration_range": (
        "{subject}{key} {value} is outside {low} to {high}. Correct it.",
        "{subject}{key} {value} 不在 {low} 到 {high} 之间。请改正。",
    ),
}

_HUB = {
    "timezone": (
        'timezone "{value}" is not known{hint} Write a name like Asia/Shanghai.',
        "不认识时区“{value}”{hint}请写 Asia/Shanghai 这样的名字。",
    ),
    "desk": (
        'desk "{value}" is not a phone number: digits, spaces, - and + only, at most 20. Correct it.',
        "desk“{value}”不是电话号码：只能有数字、空格、- 和 +，最多 20 个。请改正。",
    ),
    "desk_emergency": (
        'desk "{value}" is an emergency number, and a desk answers for the hub. Write the duty desk\'s own number.',
        "desk“{value}”是急救、火警、报警电话，不是值班台。请写值班台自己的号码。",
    ),
    "database": (
        "database is not an address the hub knows: sqlite:///var/carehub.db or postgresql://user@host/db. Correct it.",
        "database 不是能用的地址：sqlite:///var/carehub.db 或 postgresql://user@host/db。请改正。",
    ),
    "mqtt_url": (
        "mqtt.url is not the address of a broker: mqtt://host:1883, mqtts://host:8883 or embedded. Correct it.",
        "mqtt.url 不是消息服务器的地址：mqtt://host:1883、mqtts://host:8883 或 embedded。请改正。",
    ),
    "client_id": (
        'mqtt.client_id "{value}" is not usable: letters a-z A-Z, digits, . _ - only, at most 40. Correct it.',
        "mqtt.client_id“{value}”不能用：只能用英文字母、数字和 . _ -，最多 40 个。请改正。",
    ),
    "listen": (
        'web.listen "{value}" is not host:port, like 127.0.0.1:8080 or [::1]:8080. Correct it.',
        "web.listen“{value}”不是 主机:端口，例如 127.0.0.1:8080 或 [::1]:8080。请改正。",
    ),
    "web_url": (
        "{subject}{key} is not a web address: http://host or https://host/path, without ? and #. Correct it.",
        "{subject}{key} 不是网址：http://host 或 https://host/path，不带 ? 和 #。请改正。",
    ),
    "deadman_url": (
        "{subject}{key} is not a web address: http://host or https://host/path. Correct it.",
        "{subject}{key} 不是网址：http://host 或 https://host/path。请改正。",
    ),
    "keep_short": (
        "{subject}{key} {value} is too short: alerts, replies and who looked at what are logs, which the law wants "
        "kept for six months. Write {low} or more.",
        "{subject}{key} {value} 太短：告警、回复和访问记录属于日志，法律要求至少保存六个月。请写 {low} 或更长。",
    ),
    "dialects": ("dialects: {reason}. Correct it.", "dialects：{reason}。请改正。"),
    "no_channel": (
        "channels is empty: nobody could be told. Add one, for example {example}.",
        "channels 是空的：谁也通知不到。请加一个，例如 {example}。",
    ),
    "channel_name": (
        'channel "{value}" is not a name: small letters a-z, digits and - only, at most 32. Rename it.',
        "通道“{value}”不能当名字：只能用小写英文字母、数字和 -，最多 32 个。请改名。",
    ),
    "channel_type": (
        'channel {name}: channel type "{value}" does not exist; this version knows {allowed}. Choose one of them.',
        "通道 {name}：没有“{value}”这种通道，这个版本有 {allowed}。请从中选一种。",
    ),
    "severity_missing": (
        'policies: "{key}" is missing, its alerts would reach nobody. Add it, for example {example}.',
        "policies 缺少“{key}”，这类告警谁也通知不到。请加上，例如 {example}。",
    ),
    "no_steps": (
        "{subject}a ladder needs at least one step. Add one, for example {example}.",
        "{subject}至少要有一步。请加一步，例如 {example}。",
    ),
    "step_empty": (
        "{subject}{key} names nothing. Name at least one: {allowed}.",
        "{subject}{key} 是空的。至少写一个：{allowed}。",
    ),
    "unknown_tell": (
        '{subject}"{value}" is neither a role nor a person{hint} Roles: {allowed}; or the id of one of the people.',
        "{subject}“{value}”既不是角色也不是人员{hint}角色有 {allowed}，也可以写人员编号。",
    ),
    "unknown_channel": (
        '{subject}there is no channel "{value}"{hint} Channels: {allowed}.',
        "{subject}没有通道“{value}”{hint}通道有 {allowed}。",
    ),
    "repeat_short": (
        "{subject}repeat {value} is shorter than the wait of the last step, {wait}; the longer one counts.",
        "{subject}repeat {value} 比最后一步的 wait {wait} 短，按长的算。",
    ),
}

_HOMES = {
    "phone_length": (
        'phone "{value}" of {person} is {count}. Write +86 and 11 digits.',
        "{name}的电话“{value}”{count}。请写 11 位手机号，或 +86 开头。",
    ),
    "phone": (
        'phone "{value}" of {person} is not an international number that can exist. Write +, the country code and the '
        "number, like +8613912345678.",
        "{name}的电话“{value}”不是可能的国际号码。请写 + 加国家代码和号码，例如 +8613912345678。",
    ),
    "phone_range": (
        'phone "{value}" of {person} is in no range known to be in use. Check it and call it once.',
        "{name}的电话“{value}”不在已知的号段里。请核对并试打一次。",
    ),
    "phone_emergency": (
        '"{value}" cannot be a contact: the hub never dials emergency services. Remove it; staff see the number on '
        "their page.",
        "电话“{value}”不能当联系人：系统从不自动拨打急救、火警、报警电话。请删掉，值班人员会在页面上看到它。",
    ),
    "area": (
        '{subject}{key} "{value}" is not an area code. Write the 12 digits of the village, township or county, in '
        'quotes, like "620702207200".',
        '{subject}{key}“{value}”不是区划代码。请写村、乡镇或县的 12 位代码并加引号，例如 "620702207200"。',
    ),
    "area_name_twice": (
        'area "{value}" has its name at {other} already. Keep one of them.',
        "区划“{value}”在 {other} 已经写了名称。请只留一个。",
    ),
    "installed_on": (
        '{subject}installed_on "{value}" is not a day from {low} to this year, like 2026-03-01. Correct it.',
        "{subject}安装日期“{value}”不是 {low} 到今年的日期，例如 2026-03-01。请改正。",
    ),
    "no_area": (
        '{subject}has the role {role} but no area, so it is asked for no home. Give it areas, like ["620702207200"].',
        '{subject}有角色 {role}，但没有 areas，哪一家都不会找。请加上，例如 ["620702207200"]。',
    ),
    "duplicate_id": (
        "{subject}this id is used already at {other}. Rename or remove one of them.",
        "{subject}这个编号在 {other} 已经用了。请改名或删掉一个。",
    ),
    "duplicate_topic": (
        '{subject}topic "{value}" belongs to device {device} of home {home} already ({other}). Correct one of them.',
        "{subject}主题“{value}”已经属于家庭 {home} 的设备 {device}（{other}）。请改正其中一个。",
    ),
    "born": (
        '{subject}born "{value}" is not a year of birth from {low} until now. Write four digits.',
        "{subject}出生年“{value}”不在 {low} 年到今年之间。请写四位数字。",
    ),
    "away": (
        '{subject}away_until "{value}" is not a local time, like 2026-03-01 18:00. Correct it or write null.',
        "{subject}away_until“{value}”不是当地时间，例如 2026-03-01 18:00。请改正或写 null。",
    ),
    "prefix": (
        '{subject}prefix "{value}" must be empty or end with /, like homes/ah-001/. Correct it.',
        "{subject}prefix“{value}”应为空或以 / 结尾，例如 homes/ah-001/。请改正。",
    ),
    "topic_wildcard": (
        '{subject}{key} "{value}" contains {char}, which MQTT keeps for itself. Write the plain topic.',
        "{subject}{key}“{value}”里有 {char}，那是 MQTT 的专用字符。请写普通主题。",
    ),
    "topic_ends": (
        '{subject}{key} "{value}" begins or ends with an empty level. Remove that /.',
        "{subject}{key}“{value}”开头或结尾有空的一级。请去掉那个 /。",
    ),
    "topic_unclaimed": (
        '{subject}no dialect reads topic "{value}"{hint} Known: {allowed}. Correct the topic or add its dialect.',
        "{subject}没有方言能读主题“{value}”{hint}认识的有 {allowed}。请改正主题或加上方言。",
    ),
    "room": (
        '{subject}room "{value}" is not a room of home {home} ({allowed}). Correct the name or add the room.',
        "{subject}家庭 {home} 没有房间“{value}”，只有 {allowed}。请改名，或先加这个房间。",
    ),
    "unknown_person": (
        '{subject}there is no person "{value}"{hint} Add the person to people or correct the id.',
        "{subject}没有人员“{value}”{hint}请在 people 里加上，或改正编号。",
    ),
    "still_contact": (
        "{person} is still a contact of {homes}. Remove the contact there first.",
        "{person}还是这些家庭的联系人：{homes}。请先在那里删掉联系人。",
    ),
    "duplicate_contact": (
        "{subject}{person} is a {role} of this home already. Remove one of the two.",
        "{subject}{person} 已经是这家的 {role}。请删掉一个。",
    ),
}

_SHEETS = {
    "sheet_large": (
        "the file has more than {limit} MB. Split it into several.",
        "文件超过 {limit} MB。请分成几个。",
    ),
    "sheet_old": (
        "this is an old Excel file (.xls). Save it as .xlsx or as CSV.",
        "这是旧版 Excel 文件（.xls）。请另存为 .xlsx 或 CSV。",
    ),
    "sheet_unknown": (
        "this is neither an Excel workbook (.xlsx) nor CSV. Save it as one of them.",
        "这不是 Excel 工作簿（.xlsx），也不是 CSV。请另存为其中一种。",
    ),
    "sheet_broken": (
        "the workbook cannot be read: it is damaged, locked with a password, or no .xlsx. Save it anew.",
        "工作簿读不了：文件损坏、有密码，或者不是 .xlsx。请重新另存。",
    ),
    "sheet_bomb": (
        "the workbook unpacks to more than {limit} MB. Copy the cells into a new one.",
        "工作簿展开后超过 {limit} MB。请把内容复制到新的工作簿。",
    ),
    "sheet_rows": ("there are more than {limit} rows. Split the file.", "超过 {limit} 行。请分成几个文件。"),
    "sheet_csv": (
        "row {row} is not CSV ({reason}). Look for a quote that does not end.",
        "第 {row} 行不是正确的 CSV（{reason}）。请检查没有结束的引号。",
    ),
    "sheet_encoding": (
        "the text is neither UTF-8 nor GBK. Save it as UTF-8, or as .xlsx.",
        "文字编码不是 UTF-8，也不是 GBK。请另存为 UTF-8 或 .xlsx。",
    ),
    "sheet_header": (
        "no row names the columns. Take the header of the template: `carehub homes template`.",
        "没有找到表头。请用模板的表头：carehub homes template。",
    ),
    "sheet_column": (
        'there is no column "{value}"{hint} Remove it, or name it as the template does.',
        "没有“{value}”这一列{hint}请删掉，或按模板改名。",
    ),
    "sheet_column_twice": ("this column stands here twice. Remove one.", "这一列出现了两次。请删掉一列。"),
    "cell_missing": ("is empty. Fill it in.", "是空的。请填写。"),
    "cell_missing_phone": ("{name} has no number. Fill it in beside.", "{name}没有电话。请在旁边一列填写。"),
    "cell_long": ("has more than 2000 characters. Shorten it.", "超过 2000 个字符。请写短些。"),
    "cell_exponent": (
        "{value} is a number that Excel has shortened: its last digits are lost. Format the column as text and type it "
        "again.",
        "{value} 是 Excel 缩写的数字，后面几位已经丢了。请把这一列设成文本格式，重新填写。",
    ),
    "cell_formula": (
        "{value} is a formula. Copy the column and paste it as values.",
        "{value} 是公式。请复制这一列，再“粘贴为数值”。",
    ),
    "cell_error": ("{value} is an error of Excel. Type what is meant.", "{value} 是 Excel 的错误值。请填写正确内容。"),
    "cell_word": (
        '"{value}" does not exist{hint} Allowed: {allowed}.',
        "没有“{value}”{hint}可以写 {allowed}。",
    ),
    "cell_day": (
        '"{value}" is not a day, like 2026-03-01. Correct it.',
        "“{value}”不是日期，例如 2026-03-01。请改正。",
    ),
    "cell_year": ('"{value}" is not a year, like 1938. Correct it.', "“{value}”不是年份，例如 1938。请改正。"),
    "row_differs": (
        '"{value}" is not what {other} says of the same one ("{was}"). Correct one of them.',
        "“{value}”与{other}写的“{was}”不一样。请改正其中一个。",
    ),
    "row_other_home": (
        "home {home} is in the database already, at another address, with other residents. Give this one another id.",
        "数据库里已有家庭 {home}，地址和住户都不同。请给这一家换一个编号。",
    ),
    "row_area": (
        "area {value} is not yours. Take the row out, or ask whoever is responsible there.",
        "区划 {value} 不归您管。请删掉这一行，或找那里的负责人。",
    ),
    "row_person": (
        "{name} is also there for areas that are not yours, so the number stays as it is. Leave the cell empty, or ask "
        "whoever is responsible there.",
        "{name} 同时还负责不归您管的区划，号码不能在这里改。请把这一格留空，或找那里的负责人。",
    ),
    "sheet_empty": ("there is no home in it. Fill in the template.", "里面没有家庭。请按模板填写。"),
}

_REACH = {
    "home_nobody": (
        "home {home}: an emergency reaches nobody: {why}. Give the home a contact, or one person that area.",
        "家庭 {home}：紧急告警谁也通知不到：{why}。请给这家加联系人，或给一个人加上这个区。",
    ),
    "step_nobody": (
        "step {step} of {severity} reaches nobody{homes}: {why}. {remedy}",
        "{severity}的第 {step} 步没有人能通知{homes}：{why}。{remedy}",
    ),
    "one_way": (
        "emergencies rest on Twilio SMS alone, which takes no replies from +86. Add voice or a domestic provider. "
        "Homes: {homes}.",
        "紧急通知只靠 Twilio 短信，它到 +86 不能回复。请加一个电话通道，或国内短信。家庭：{homes}。",
    ),
}

SENTENCES: dict[str, tuple[str, str]] = {**_FILES, **_YAML, **_SHAPES, **_HUB, **_HOMES, **_SHEETS, **_REACH}
