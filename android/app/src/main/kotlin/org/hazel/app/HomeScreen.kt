package org.hazel.app

import android.content.Context
import android.graphics.Typeface
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView

/** Where I stand, what waits for me, and each tally. Colours are the system's, light or dark. */
class HomeScreen(context: Context, private val open: (tally: String) -> Unit) : ScrollView(context) {
    private val page = LinearLayout(context).apply {
        orientation = LinearLayout.VERTICAL
        val edge = dp(16)
        setPadding(edge, edge, edge, edge)
    }

    init {
        addView(page, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
    }

    fun show(state: HomeState) {
        page.removeAllViews()
        val direction = text(state.direction)
        line("$direction ${state.net}", 28f, spoken = "$direction ${state.net}").typeface = Typeface.DEFAULT_BOLD
        state.pending?.let { line(text(Text("of_it_pending", it)), 14f) }
        for (waiting in state.waiting) {
            val line = line("• " + text(waiting.text), 16f, spoken = text(waiting.text))
            waiting.tally?.let { tally -> leadsTo(line, tally) }
        }
        for (row in state.tallies) {
            val note = row.note?.let { "\n" + text(it) }.orEmpty()
            val said = "${row.partner}: ${text(row.direction)} ${row.amount}"
            leadsTo(line(said + note, 18f, spoken = said + note.replace('\n', ' ')), row.id)
        }
    }

    private fun leadsTo(line: View, tally: String) {
        line.isClickable = true
        line.isFocusable = true
        line.setOnClickListener { open(tally) }
    }

    private fun line(shown: String, size: Float, spoken: String = shown): TextView = TextView(context).apply {
        text = shown
        textSize = size
        contentDescription = spoken
        // Figures of one width, so that amounts stand under one another.
        fontFeatureSettings = "tnum"
        minHeight = dp(48)
        page.addView(this, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
    }

    private fun dp(size: Int): Int = (size * resources.displayMetrics.density).toInt()

    private fun text(it: Text): String {
        // By name: the classes of resources are made by a tool that this project's own build does not have.
        val id = resources.getIdentifier("hazel_" + it.name, "string", context.packageName)
        return if (id == 0) it.name else resources.getString(id, *it.words.toTypedArray())
    }
}
