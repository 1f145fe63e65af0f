package org.hazel.app

import org.hazel.bridge.TakenPayment
import org.hazel.bridge.Tidings

/** What a scan has changed, and for a payment the receipt to show in return. */
class TakenScreen(hall: Hall, private val tidings: Tidings, private val payment: TakenPayment?) : Screen(hall) {
    override fun compose() = Sheet(Text("scanned"), buildList {
        if (payment?.again == true) add(Note(Text("news_again")))
        news(tidings).forEach { add(Note(it)) }
        if (payment != null) add(Button(Text("show_receipt_button"), isMain = true, does = trying { receipt(payment.chit) }))
        add(Button(Text("tally"), isMain = payment == null) { hall.instead(TallyScreen(hall, tidings.tally)) })
    })

    /** For this very payment, whatever came after it. */
    private suspend fun receipt(chit: String) {
        val code = hall.wallet.run { receiptCode(tidings.tally, chit) }
        hall.go(CodeScreen(hall, code, Text("receipt")))
    }
}
