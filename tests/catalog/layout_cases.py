"""Sheets as people make them, each with where its table is."""

from layout_stage import Case

CASES = (
    Case(
        "a clean table",
        """
区划代码|名称|户数|人口
330502|吴兴区|120|340
330503|南浔区|98|270
""",
        "H..",
        "区划代码 名称 户数 人口",
        plain=True,
    ),
    Case("a clean table of words", "名称|类别|备注\n甲桥|梁桥|无\n乙桥|拱桥|已修", "H..", "名称 类别 备注", plain=True),
    Case("a clean table after a blank row", "\n代码|数\na|1\nb|2", "H..", "代码 数", plain=True),
    Case("only a heading", "代码|名称|数量", "H", "代码 名称 数量", plain=True),
    Case("a heading of one column", "代码\n1\n2", "H..", "代码", plain=True),
    Case("one column of words", "名称\n吴兴\n南浔", "H..", "名称", plain=True),
    Case("years as headings", "地区|2023|2024|2025\n吴兴|1|2|3\n南浔|4|5|6", "H..", "地区 2023 2024 2025", plain=True),
    Case(
        "years with their sign",
        "指标|2023年|2024年\nGDP|100.1|200\n人口|300|310",
        "H..",
        "指标 2023年 2024年",
        plain=True,
    ),
    Case("months as headings", "站点|1|2|3|4\n一号|7|8|9|6\n二号|5|5|5|7", "H..", "站点 1 2 3 4", plain=True),
    Case("identifiers as headings", "id|name|pm25\n1|a|3\n2|b|4", "H..", "id name pm25", plain=True),
    Case(
        "a title",
        """
湖州市2026年养老机构统计表
机构名称|床位数|入住人数
南园|100|80
北园|60|55
""",
        "TH..",
        "机构名称 床位数 入住人数",
        "A1:C1",
    ),
    Case(
        "a title that is not merged, in the middle",
        """
||公路里程表||
路线|起点|止点|里程|等级
S1|甲|乙|12.5|一级
S2|丙|丁|8|二级
""",
        "TH..",
        "路线 起点 止点 里程 等级",
    ),
    Case(
        "a title and a row of units, a blank row between",
        """
2026年一季度规模以上工业主要指标

填报单位：湖州市统计局|||单位：万元
地区|产值|利润|税金
吴兴|1,200.5|88|30
南浔|980|70|21
长兴|1,500|91|44
""",
        "TUH...",
        "地区 产值 利润 税金",
        "A1:D1",
    ),
    Case(
        "labels in cells of their own",
        """
社会救助情况表
填报单位|湖州市民政局||填报日期|2026-03-01
乡镇|低保户数|低保人数|特困户数|特困人数
织里|10|22|3|3
八里店|12|25|4|4
""",
        "TUH..",
        "乡镇 低保户数 低保人数 特困户数 特困人数",
        "A1:E1",
    ),
    Case(
        "a unit in brackets and a period",
        """
旅客运输量
（2026年3月）
||单位：人次
线路|日期|客运量
1路|2026-03-01|1200
2路|2026-03-01|900
""",
        "TTUH..",
        "线路 日期 客运量",
        "A1:C1 A2:C2",
    ),
    Case(
        "the source above the table",
        """
数据来源：湖州市交通运输局
统计时间：2026年5月
编号|桥名|长度(米)
Q1|东门桥|35
Q2|西门桥|42
""",
        "UUH..",
        "编号 桥名 长度(米)",
    ),
    Case(
        "two levels, merged",
        """
地区|城镇||农村||备注
|户数|人数|户数|人数|
吴兴|1|2|3|4|
南浔|5|6|7|8|
""",
        "HH..",
        "地区 城镇/户数 城镇/人数 农村/户数 农村/人数 备注",
        "A1:A2 B1:C1 D1:E1 F1:F2",
    ),
    Case(
        "two levels, saved as CSV",
        """
地区|城镇||农村||备注
|户数|人数|户数|人数|
吴兴|1|2|3|4|
南浔|5|6|7|8|
""",
        "HH..",
        "地区 城镇/户数 城镇/人数 农村/户数 农村/人数 备注",
    ),
    Case(
        "two levels over words, saved as CSV",
        """
姓氏|住址||电话
|乡镇|村|
甲|织里|中村|无
乙|东林|西村|无
""",
        "HH..",
        "姓氏 住址/乡镇 住址/村 电话",
    ),
    Case(
        "three levels under a title",
        """
全市人口与户籍情况
地区|常住人口|||户籍人口
|合计|其中||
||男|女|
吴兴|10|4|6|9
南浔|20|9|11|18
""",
        "THHH..",
        "地区 常住人口/合计 常住人口/其中/男 常住人口/其中/女 户籍人口",
        "A1:E1 A2:A4 B2:D2 B3:B4 C3:D3 E2:E4",
    ),
    Case(
        "a heading over the rest of the columns",
        """
地区|指标
|户数|人数
吴兴|1|2
南浔|3|4
""",
        "HH..",
        "地区 指标/户数 指标/人数",
        "A1:A2 B1:C1",
    ),
    Case(
        "units under the headings",
        """
地区|产值|增长
|(万元)|(%)
吴兴|100|3.5
南浔|90|4.1
""",
        "HH..",
        "地区 产值/(万元) 增长/(%)",
    ),
    Case(
        "the columns numbered with stems",
        """
指标名称|计量单位|代码|本年
甲|乙|丙|1
总户数|户|01|12
总人口|人|02|33
""",
        "HN..",
        "指标名称 计量单位 代码 本年",
    ),
    Case(
        "the columns numbered in brackets",
        "地区|产值|利润\n(1)|(2)|(3)\n吴兴|10|2\n南浔|9|1",
        "HN..",
        "地区 产值 利润",
    ),
    Case(
        "the columns numbered barely, words below",
        "地区|类别|产值\n1|2|3\n吴兴|工业|10\n南浔|农业|9",
        "HN..",
        "地区 类别 产值",
    ),
    Case(
        "days as headings",
        "站点|2026-01-01|2026-01-02\n甲站|3|4\n乙站|1|2",
        "H..",
        "站点 2026-01-01 2026-01-02",
        plain=True,
    ),
    Case("a row of units", "指标|产值|人数\n单位|万元|人\n甲厂|1|3\n乙厂|2|4", "HH..", "指标/单位 产值/万元 人数/人"),
    Case("totals with units", "路线|起讫|里程\nS1|东-西|12公里\n合计|2条|20公里", "H.S", "路线 起讫 里程"),
    Case(
        "sections that are not merged", "项目|数量|金额\n一、救助||\n低保|10|200\n特困|2|50", "HT..", "项目 数量 金额"
    ),
    Case("a list of notes", "地区|数|值\n吴兴|1|2\n注：1.已审定。\n2、不含开发区", "H.NT", "地区 数 值"),
    Case(
        "the columns lettered above", "|A|B|C\n系列|发行|兑付|余额\n甲|5|2|3\n乙|9|1|8", "TH..", "系列 发行 兑付 余额"
    ),
    Case("a first row 1 2 3 among numbers is data", "x|y|z\n1|2|3\n4|5|6", "H..", "x y z", plain=True),
    Case(
        "totals at the end and notes below",
        """
地区|户数|人数
吴兴|1|2
南浔|3|4
合 计|4|6
注：数据为初步统计
填表人：甲||审核人：乙
""",
        "H..SNN",
        "地区 户数 人数",
    ),
    Case("totals first", "地区|户数|人数\n总计|4|6\n吴兴|1|2\n南浔|3|4", "HS..", "地区 户数 人数"),
    Case(
        "subtotals in the second column",
        """
县区|类别|数量
吴兴|公办|3
|民办|2
|小计|5
南浔|公办|1
|小计|1
全市合计||6
""",
        "H..S.SS",
        "县区 类别 数量",
        "A2:A4 A5:A6",
    ),
    Case(
        "an English table with totals",
        "Month|Cases\nJan|3\nFeb|4\nTotal|7\nSource: bureau|",
        "H..SN",
        "Month Cases",
    ),
    Case(
        "notes of many kinds",
        """
站名|线路|客流
甲|1|100
乙|2|200
※ 客流为日均值
*数据截至2026年6月30日
说明：换乘客流不重复计算
本表由运输处统计，仅供参考，请勿外传。
第 1 页 共 1 页
""",
        "H..NNNNN",
        "站名 线路 客流",
    ),
    Case(
        "sections between the data",
        """
项目|数量|金额
一、社会救助
低保|10|200
特困|2|50
二、养老服务
补贴|8|90
""",
        "HT..T.",
        "项目 数量 金额",
        "A2:C2 A5:C5",
    ),
    Case(
        "the heading on every page",
        """
月报表
地区|户数
吴兴|1
月报表
地区|户数
南浔|3
""",
        "TH.TN.",
        "地区 户数",
        "A1:B1 A4:B4",
    ),
    Case(
        "two tables one under the other",
        """
地区|户数|人数
吴兴|1|2
南浔|3|4

学校|教师|学生
一小|50|900
二小|40|800
""",
        "H...",
        "地区 户数 人数",
        notes=("file.note-two-tables",),
    ),
    Case(
        "two tables with titles",
        """
表一 户数
地区|户数|人数
吴兴|1|2
南浔|3|4
表二 学校
学校|教师|学生
一小|50|900
""",
        "TH..T.",
        "地区 户数 人数",
        "A1:C1 A5:C5",
        notes=("file.note-two-tables",),
    ),
    Case(
        "a transposed table",
        """
名称|甲桥|乙桥|丙桥
长度|12|30|25
建成|2001|1998|2010
类型|梁桥|拱桥|梁桥
""",
        "H...",
        "名称 甲桥 乙桥 丙桥",
        notes=("file.note-transposed",),
    ),
    Case(
        "a note beside the table",
        """
地区|户数|人数||
吴兴|1|2||说明：含开发区
南浔|3|4||
长兴|5|6||
德清|5|6||
""",
        "H....",
        "地区 户数 人数",
        notes=("file.note-side-notes",),
    ),
    Case(
        "numbers without a heading",
        "1|2.5|3\n2|3.5|9\n7|4.5|1",
        "...",
        notes=("file.note-no-heading",),
    ),
    Case(
        "data without a heading",
        "330502|吴兴区|2026-01-01|12\n330503|南浔区|2026-01-02|15",
        "..",
        notes=("file.note-no-heading",),
    ),
    Case("a table away from the corner", "\n||代码|数\n||a|1\n||b|2", "H..", "代码 数", plain=True),
    Case("a column without a heading", "代码||数\na|x|1\nb|y|2", "H..", "代码  数"),
    Case("a heading twice", "代码|代码|数\na|x|1\nb|y|2", "H..", "代码 代码 数"),
    Case("merged cells in the data", "县|镇\n吴兴|织里\n|东林", "H..", "县 镇", "A2:A3"),
    Case("a sparse last row is data", "地区|户数|人数\n吴兴|1|2\n德清||", "H..", "地区 户数 人数", plain=True),
    Case("a total inside words is data", "岗位|说明\n总计岗|负责合计\n收银|无", "H..", "岗位 说明", plain=True),
    Case("words with colons are data", "时间|事项\n上午|注：开会\n下午|休息", "H..", "时间 事项", plain=True),
    Case(
        "Chinese names over identifiers stay as they are",
        "编号|站名\nS1|甲\nS2|乙",
        "H..",
        "编号 站名",
        plain=True,
    ),
    Case(
        "broken lines in a heading",
        "地 区|户\u3000数|人均 (元)\n吴兴|1|2\n南浔|3|4",
        "H..",
        "地区 户数 人均(元)",
        plain=True,
    ),
)
