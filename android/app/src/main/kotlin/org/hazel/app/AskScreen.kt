package org.hazel.app

import org.hazel.bridge.Ask

/** Asks the partner for a payment, and shows the code. It also goes along with the next meeting. */
class AskScreen(hall: Hall, private val tally: String) : Screen(hall) {
    private var typedAmount = ""
    private var memo = ""

    override fun compose() = Sheet(Text("ask"), listOf(
        Field("amount", Text("amount"), typedAmount, Kind.AMOUNT) { typedAmount = it; draw() },
        Field("memo", Text("memo"), memo) { memo = it },
        Button(Text("ask_now"), isMain = true, isOn = (typed(typedAmount) ?: 0) > 0, does = trying(::ask)),
    ))

    private suspend fun ask() {
        val units = typed(typedAmount) ?: return
        val code = hall.wallet.run { ask(tally, Ask(units = units, memo = memo, items = emptyList())) }
        hall.instead(CodeScreen(hall, code, Text("show_invoice", amount(units))))
    }
}
