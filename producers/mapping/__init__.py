"""The mapping language (映射): from a row, a form or a JSON body of somebody else's system to touchpoints.

A mapping is one YAML file that a customer-service integrator can read. From top to bottom::

    mapping: call-centre            # what it is called
    zone: Asia/Shanghai             # of times without an offset
    times: ["YYYY-MM-DD HH:mm"]     # how they write times; a spreadsheet's own dates need no entry
    empty: ["-", 无]                # words that mean: nothing
    codes:                          # shared tables: their words -> our codes
      urgency: {紧急: urgent, 一般: other}
    columns:                        # short name: where it stands, and what it is
      number: {from: 工单号, must: true}
      opened: {from: [日期, 时间], as: time}
      kind: 类别
      urgency: {from: 等级, codes: urgency}
    skip when: kind == '测试'
    ticket: number                  # the source's number of the case
    id: {hash: [number, opened]}    # the row's own id, here a keyed hash; left out: the ticket
    every:                          # what every touchpoint of the row bears
      project_id: estate
    touchpoints:                    # several from one row; each has the id <id of the row>/<its name>
      received:
        type: [{when: kind == '报修', is: repair.reported}, {is: complaint.received}]
        time: opened                # without a time it has not happened, and is left out
        customer: {name: caller, phone: phone}
        data: {description: words}
      closed:
        when: status == '已关闭'
        type: complaint.closed
        time: closed

A value is the short name of a column, ``{is: fixed}``, ``{text: "with {columns}"}``, ``{expr: EXPRESSION}``,
``{hash: [columns]}``, ``{list: [objects]}``, or a list of ``{when: EXPRESSION, <one of these>}`` of which the first that
fits counts. Reading is pure: no clock, no files, nothing of the ledger.
"""
