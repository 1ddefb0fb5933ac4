"""Chinese."""

from hub.alerts.catalogue import Catalogue, Phrases, Text

_GO = "能去请回复1，去不了回复2[。编号{code}]"
_GO_SHORT = "能去回复1，去不了回复2[。编号{code}]"
_NOW = "请马上打电话或上门[，值班台{desk}]"
_VISIT = "请打电话或上门[，值班台{desk}]"
_DESK = "[值班台{desk}]"
_AND_DESK = "[，值班台{desk}]"
_HANDLE = "。处理回复1[，编号{code}]"
_TASK = "。接任务回复1[，编号{code}]"
_CODE = "[。编号{code}]"

_ALERTS = {
    "sos": Text("{who}[于{at}][在{room}]按了紧急呼叫[，{addr}]。", _GO, _NOW),
    "sos.late": Text("{who}[在{at}]按过紧急呼叫[，因断线{late}][，{addr}]。", _GO, _VISIT),
    "sos.late.most": Text("{who}按过紧急呼叫[，{at}收到][，因断线{late}][，{addr}]。", _GO, _VISIT),
    "call": Text("{who}[于{at}][在{room}]按了服务铃，不是紧急呼叫[，{addr}]。", _GO, _VISIT),
    "gas": Text("{who}家[{room}][于{at}]燃气报警[，{late}][，{addr}]。人先出屋[，别动电器别点火]。", _GO_SHORT, _DESK),
    "smoke": Text("{who}家[{room}][于{at}]烟雾报警[，{late}][，{addr}]。人先出屋[，着火拨119]。", _GO_SHORT, _DESK),
    "co": Text("{who}家[{room}][于{at}]一氧化碳报警[，{late}][，{addr}]。[会中毒，]马上开门出屋。", _GO_SHORT, _DESK),
    "fall": Text("{who}[于{at}][在{room}]可能摔倒了[，{late}][，{addr}]。", _GO, _NOW),
    "leak": Text("{who}家[{room}][于{at}]漏水[，{late}][，{addr}]。", _GO, _VISIT),
    "inactivity": Text(
        "{who}[已{h}小时]没有动静[，平时最长{h2}小时][，{addr}]。",
        f"请先打电话问。{_GO_SHORT}",
        f"请打电话问{_AND_DESK}",
    ),
    "wandering": Text("{who}[于{at}]出门，一直没有回来[，{addr}]。", _GO, f"请找一找{_AND_DESK}"),
    "silent": Text("{who}家{dev}[已{h}小时]没有信号[，{addr}]。请今天上门", _TASK, _AND_DESK),
    "unproven": Text("{who}家{dev}[已{n}天]没有按过，不知道灵不灵[，{addr}]。请上门试按一次", _TASK, _AND_DESK),
    "unheard": Text("{who}家有{n}个设备装好一天还没有信号[：{list}][，{addr}]。请上门检查", _TASK, _AND_DESK),
    "unheard.homes": Text("{area}有{n}户装好一天还没有信号。[先看{list}。]", "处理回复1[，编号{code}]", _DESK),
    "tamper": Text("{who}家{dev}[于{at}]被打开或拆动[，{addr}]。请上门看看", _TASK, _AND_DESK),
    "fault": Text("{who}家{dev}[于{at}]报故障[，可能不响了][，{addr}]。请今天上门", _TASK, _AND_DESK),
    "battery": Text("{who}家{dev}电量{pct}[，{addr}]。请3天内换[{type}]电池", _TASK),
    "mains": Text("{who}家停电1小时了，报警主机用备用电源[，约能用{h}小时]。呼叫按钮现在能用"),
    "gateway": Text("{who}家主机[{at}起]断线，按呼叫收不到[，{addr}]。请打电话问平安", _HANDLE, _AND_DESK),
    "area": Text("{area}有{n}户[于{at}起]断线，可能停电。[先看{list}。]", "处理回复1[，编号{code}]", _DESK),
    "unknown": Text(
        "没登记的设备[{dev}][于{at}]发出{what}[，{site}，请查明在哪家][，可能在{home}家][，{addr}]。", _GO_SHORT, _DESK
    ),
    "still_active": Text("{who}家[{what}]办结后[{at}]仍在报警[，{addr}]。", _GO, _NOW),
    "nobody_reachable": Text("{who}[的{what}]没有通知到任何人[，{addr}]。", f"谁{_GO_SHORT}", _NOW),
    "empty_step": Text("{who}[的{what}][，第{n}步]没有人可通知，已往下叫[，{addr}]。请安排人", _CODE, _CODE),
    "session_lost": Text(
        "消息服务器丢了数据，[{from}到{to}的]呼叫可能没收到[，先问{list}]。请打电话问平安", _HANDLE, _AND_DESK
    ),
    "restored": Text(
        "主机恢复了备份，[{from}到{to}的]呼叫和处理查不到了[，先问{list}]。请打电话问平安", _HANDLE, _AND_DESK
    ),
    "database_lost": Text("主机换了新数据库，以前没办结的告警查不到了[，先问{list}]。请逐户问平安", _HANDLE, _AND_DESK),
    "qos0": Text(
        "{dev}用QoS 0发信号[，断线会丢][，{home}家][，{site}]。请[在消息服务器]设upgrade_outgoing_qos true",
        _CODE,
        _CODE,
    ),
    "unreadable": Text(
        "{who}家{dev}[于{at}]发来读不懂的信号[，可能是呼叫][，{addr}]。请打电话问平安", _HANDLE, _AND_DESK
    ),
    "channel_refused": Text(
        "短信通道[{channel}]拒绝我们[，错误{error}]，通知可能发不出。请查账号和余额", _HANDLE, _AND_DESK
    ),
    "stranger_code": Text("陌生号码[尾号{tail}]用编号{ref}回复了{who}的告警，没有算数[，请核实是谁]", _CODE, _CODE),
    "config_differs": Text("配置文件和数据库已不一致一天。请核对，运行carehub apply", _CODE, _CODE),
    "other": Text("{who}有新的告警[，{at}][，{addr}]。", _GO, _NOW),
}

_FOLLOW_UPS = {
    "again": Text("{who}又按了呼叫[，第{n}次][，{at}]。请尽快", "。去不了请回复2[，编号{code}]", _AND_DESK),
    "again.hazard": Text("{who}家又有{what}[，第{n}次][，{at}]。请尽快", "。去不了请回复2[，编号{code}]", _AND_DESK),
    "raised": Text("{who}家{dev}也报警了[，{at}]，情况更急", _CODE, _CODE),
    "taken": Text("{by}已接手{who}[的{what}][，{eta}前到]。您不用再管，有变化会告诉您"),
    "arrived": Text("{by}[于{at}]到了{who}家。处理完会告诉您"),
    "remind": Text(
        "{who}在等您，请[{eta}前]到。", "到了回复3，没事回复4，去不了回复2[。编号{code}]", "到了请告诉值班台[{desk}]"
    ),
    "remind.outcome": Text(
        "您在{who}家，请[在{eta}前]告诉我们结果。", "没事回复4，要换人回复2[。编号{code}]", "请打给值班台[{desk}]"
    ),
    "lapsed.you": Text(
        "[到{eta}]没有您的消息，{who}[的{what}]已转给{next}。",
        "您若在场请回复3[，编号{code}]",
        "您若在场请告诉值班台[{desk}]",
    ),
    "lapsed.others": Text("{by}[到{eta}]没有消息，{who}[的{what}]又在找人。", _GO, _VISIT),
    "need_help": Text("{by}在{who}家[处理{what}]，要人帮忙[，{addr}]。", _GO, _NOW),
    "outcome_missing": Text("{by}[于{at}]到了{who}家，之后没有消息。请问一下", "。办结回复4[，编号{code}]", _AND_DESK),
    "handed_over": Text(
        "{by}把{who}[的{what}]转给您[，请{eta}前到][，{addr}]。", "到了回复3，去不了回复2[。编号{code}]", _NOW
    ),
    "resolved": Text("{who}[的{what}]已办结[：{outcome}][。{by}处理][，{at}]"),
    "recovered": Text("{who}[的{what}]已解除，恢复正常[，{at}]。您不用再管"),
    "cancelled": Text("{who}[于{at}]在家按了取消，表示没事。请打电话确认", "，没事回复4[，编号{code}]", _AND_DESK),
    "nobody": Text(
        "{who}[的{what}]已{span}没有人接手，所有人都叫过。请值班长马上处理", "[，编号{code}]", "[，编号{code}]"
    ),
    "test": Text("试验：{who}家在试设备[，{at}到{end}]，不用去。真按呼叫照样通知"),
    "test.press": Text(
        "试验：{who}家{dev}的信号[{at}]到了。",
        "是您在试请60秒内回复1，不回就当真的处理[。编号{code}]",
        "是您在试请60秒内在页面确认，不然就当真的处理",
    ),
    "drill": Text("演练，不是真事：假设{who}[于{at}]按了紧急呼叫。", "收到请回复1[，编号{code}]", "不用回复"),
    "verify": Text("验证码{pin}，用来确认您能收到{who}的求助通知。请把它告诉工作人员"),
    "number.dead": Text("{who}的联系人{by}号码打不通也收不到短信。请核对", "[，编号{code}]", "[，编号{code}]"),
    "sick.reply": Text("{by}就{who}[的{what}]回复：{note}。主机故障，没有登记，请互相打电话说好谁去"),
}

_ANSWERS = {
    "answer.take": Text("收到，由您处理{who}[的{what}][，{eta}前到]。到了回复3，没事回复4，去不了回复2"),
    "answer.pass": Text("收到，正在找别人。谢谢您告诉我们"),
    "answer.arrived": Text("收到，您到{who}家了。处理完请回复4加一句话，例如：4误按"),
    "answer.resolved": Text("收到，{who}[的{what}]办结[：{outcome}]。谢谢您"),
    "answer.resolved_active": Text("收到，{who}[的{what}]办结[：{outcome}]。探测器还在报警，15分钟后再看"),
    "answer.taken_already": Text("{by}[在{at}]先接手了{who}[的{what}]。您也去请再回复1，不去不用回"),
    "answer.closed_already": Text("{who}[的{what}]已[在{at}]办结，不用再去"),
    "answer.which_one": Text("您有{n}件：{code}是{who}，{code2}是{who2}。请带编号回复，例如：1 {code}"),
    "answer.not_understood": Text("没看懂。接手回复1，去不了2，到了3，没事4[。急事打值班台{desk}]"),
    "answer.not_yours": Text("{who}[的{what}]现在不是您在办。您去请先回复1[，编号{code}]"),
    "answer.note": Text("记下了[：{note}]。{who}[的{what}]还没办结。没事了请只回复4，到了回复3[，编号{code}]"),
}

CHINESE = Catalogue(
    phrases=Phrases(
        stop="。",
        opening="",
        signed="【{signature}】",
        again="第{n}遍，",
        link="查看和接手：{link}",
        sick="请马上打电话或上门，不用回复",
        minutes="{m}分钟",
        hours="{h}小时",
        hours_minutes="{h}小时{m}分",
        days="{n}天",
        late="晚到{span}",
        late_most="最多晚到{span}",
        device_in="{room}{device}",
        joined="、",
        with_note="{outcome}，{note}",
        percent="{n}%",
        low="低",
        somebody="有人",
        others="别人",
        device="设备",
        battery="",
        alert="告警",
    ),
    texts={**_ALERTS, **_FOLLOW_UPS, **_ANSWERS},
    what={
        "sos": "紧急呼叫",
        "call": "服务呼叫",
        "gas": "燃气报警",
        "smoke": "烟雾报警",
        "co": "一氧化碳报警",
        "fall": "摔倒报警",
        "leak": "漏水报警",
        "inactivity": "无动静提醒",
        "wandering": "外出未归",
        "silent": "设备失联",
        "unproven": "按钮试按",
        "unheard": "新设备失联",
        "unheard.homes": "新装户失联",
        "tamper": "拆动提醒",
        "fault": "设备故障",
        "battery": "换电池任务",
        "mains": "停电提醒",
        "gateway": "主机断线",
        "area": "多户断线",
        "unknown": "不明设备呼叫",
        "session_lost": "呼叫缺失",
        "database_lost": "数据缺失",
        "restored": "备份恢复",
        "qos0": "设置问题",
        "unreadable": "不明信号",
        "channel_refused": "通道故障",
        "stranger_code": "陌生回复",
        "config_differs": "配置不一致",
        "number": "号码失效",
    },
    outcomes={"genuine": "属实", "false": "误报", "test": "试验", "unreached": "没联系上", "duplicate": "重复"},
    rooms={
        "bedroom": "卧室",
        "kitchen": "厨房",
        "hall": "门厅",
        "bathroom": "卫生间",
        "toilet": "厕所",
        "living": "客厅",
        "dining": "餐厅",
        "study": "书房",
        "balcony": "阳台",
        "stairs": "楼梯",
        "yard": "院子",
        "corridor": "走廊",
    },
    devices={
        "button": "呼叫按钮",
        "fall": "摔倒探测器",
        "gas": "燃气报警器",
        "smoke": "烟雾报警器",
        "co": "一氧化碳报警器",
        "leak": "漏水探测器",
        "motion": "人体传感器",
        "contact": "门磁",
        "bed": "床垫传感器",
        "temperature": "温度传感器",
        "humidity": "湿度传感器",
        "mains": "停电检测器",
        "siren": "警号",
        "valve": "阀门",
        "other": "设备",
    },
    remarks={
        "well": "没事",
        "handled": "已处理",
        "mistake": "误按",
        "hospital": "送医",
        "phoned": "电话里问过，没事",
        "away": "外出了",
    },
)
