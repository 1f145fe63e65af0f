package org.hazel.app

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.collectLatest
import org.hazel.bridge.ChitLine
import org.hazel.bridge.PageOf
import org.hazel.bridge.Wallet

/** All chits of a tally, page by page, sought by their words; and the whole of it for a spreadsheet or a program. */
class HistoryScreen(hall: Hall, private val tally: String) : Screen(hall) {
    private data class Wish(val text: String = "", val paymentsOnly: Boolean = false, val pages: UInt = 1u)

    private val wish = MutableStateFlow(Wish())
    private var chits = emptyList<ChitLine>()
    private var exported: Said? = null

    override suspend fun live() = wish.collectLatest { now ->
        // What was read stays; only the last page is asked for anew.
        val most = PAGE * now.pages
        chits = hall.wallet.run {
            history(tally, PageOf(most = most, text = now.text.ifEmpty { null }, paymentsOnly = now.paymentsOnly))
        }
        draw()
    }

    override fun compose() = Sheet(Text("history"), buildList {
        val now = wish.value
        add(Field("sought", Text("search"), now.text) { wish.value = now.copy(text = it.trim(), pages = 1u); draw() })
        add(Switch(Text("payments_only"), now.paymentsOnly) { wish.value = now.copy(paymentsOnly = it, pages = 1u); draw() })
        chits.forEach { add(chitLine(it, tally, hall)) }
        if (chits.isEmpty()) add(Note(Text("history_none")))
        if (chits.size.toULong() >= PAGE * now.pages) {
            add(Button(Text("more")) { wish.value = now.copy(pages = now.pages + 1u) })
        }
        exported?.let { add(Note(it)) }
        add(Button(Text("export_csv"), isMain = true, does = trying { export("csv", Wallet::exportCsv) }))
        add(Button(Text("export_json"), does = trying { export("json", Wallet::exportJson) }))
    })

    private suspend fun export(ending: String, form: Wallet.(String) -> String) {
        val whole = hall.wallet.run { form(tally) }
        exported = Text(if (hall.phone.keep("tally-${tally.take(8)}.$ending", whole.encodeToByteArray())) "kept" else "not_kept")
    }

    private companion object {
        const val PAGE = 50uL
    }
}
