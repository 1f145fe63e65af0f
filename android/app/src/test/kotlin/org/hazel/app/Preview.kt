package org.hazel.app

import java.io.File

/**
 * Pictures of screens, drawn of the very sheets that were shown in the story: same parts, same texts, same curve, same code. The fonts
 * and the look of controls are the phone's own, and only a phone shows them.
 */
internal class Preview(private val language: String, isDark: Boolean) {
    private val ink = if (isDark) "#f2f2f2" else "#1a1a1a"
    private val paper = if (isDark) "#121212" else "#ffffff"
    private val under = if (isDark) "#a0a0a0" else "#666666"
    private var faint = if (isDark) "#3a3a3a" else "#e4e4e4"
    private val svg = StringBuilder()
    private var y = EDGE

    /** The drawing, and how high it is. */
    private fun of(sheet: Sheet): Pair<String, Int> {
        val (ink, paper) = if (sheet.isCode) "#000000" to "#ffffff" else ink to paper
        if (sheet.isCode) faint = "#e4e4e4"
        write(read(sheet.title, language), 22, ink, isBold = true)
        sheet.parts.forEach { draw(it, ink, paper) }
        svg.insert(0, "<rect width=\"$WIDTH\" height=\"100%\" fill=\"$paper\"/>\n")
        return svg.toString() to y + EDGE
    }

    private fun draw(part: Part, ink: String, paper: String) {
        y += GAP
        when (part) {
            is Heading -> write(read(part.text, language), 22, ink, isBold = true)
            is Figure -> {
                write(read(part.label, language), 24, ink)
                write(part.amount, 34, ink, isBold = true)
            }
            is Note -> if (part.warns) boxed("#d06000") { write(read(part.text, language), 16, ink) } else write(read(part.text, language), 16, ink)
            is Line -> line(part, ink)
            is Button -> {
                val fill = if (part.isMain) if (part.isOn) ink else "#909090" else "none"
                boxed(if (part.isMain) fill else faint, fill) {
                    val colour = if (part.isMain) paper else if (part.isOn) ink else "#909090"
                    write(read(part.text, language), 16, colour, isBold = part.isMain, centred = true)
                }
            }
            is Field -> {
                write(read(part.label, language), 14, ink)
                write(part.value.ifEmpty { " " }, 17, ink)
                rule(ink)
            }
            is Switch -> write((if (part.isOn) "◉ " else "○ ") + read(part.text, language), 16, ink)
            is Course -> course(part.curve, ink)
            is Picture -> code(part.square)
            is Camera -> {
                svg.append("<rect x=\"$EDGE\" y=\"$y\" width=\"$INNER\" height=\"$INNER\" fill=\"#606060\"/>\n")
                y += INNER
            }
            is Wait -> {
                write(read(part.text, language), 16, ink)
                svg.append("<rect x=\"$EDGE\" y=\"${y + 6}\" width=\"$INNER\" height=\"4\" fill=\"$faint\"/>\n")
                svg.append("<rect x=\"$EDGE\" y=\"${y + 6}\" width=\"${INNER / 3}\" height=\"4\" fill=\"$ink\"/>\n")
                y += 14
            }
        }
    }

    private fun line(part: Line, ink: String) {
        val top = y
        val reserved = part.amount?.let { it.length * 10 + 10 } ?: 0
        write(read(part.text, language), 17, ink, width = INNER - reserved)
        part.amount?.let { svg.append("<text x=\"${WIDTH - EDGE}\" y=\"${top + 17}\" font-size=\"17\" text-anchor=\"end\" fill=\"$ink\">${escaped(it)}</text>\n") }
        part.under?.let { write(read(it, language), 14, under) }
        rule(faint)
    }

    private fun course(curve: Curve, ink: String) {
        val points = curve.corners().joinToString(" ") { (x, down) -> "${EDGE + (x * INNER).toInt()},${y + (down * CURVE).toInt()}" }
        val zero = y + (curve.zero() * CURVE).toInt()
        svg.append("<line x1=\"$EDGE\" x2=\"${WIDTH - EDGE}\" y1=\"$zero\" y2=\"$zero\" stroke=\"$faint\"/>\n")
        svg.append("<polyline points=\"$points\" fill=\"none\" stroke=\"$ink\" stroke-width=\"3\"/>\n")
        y += CURVE
    }

    private fun code(square: Square) {
        val path = StringBuilder()
        for (row in 0 until square.whole) {
            var column = 0
            while (column < square.whole) {
                val run = (column until square.whole).takeWhile { square.isDark(it, row) }.size
                if (run > 0) path.append("M$column ${row}h${run}v1h-${run}z")
                column += maxOf(run, 1)
            }
        }
        val scale = INNER.toDouble() / square.whole
        svg.append("<g transform=\"translate($EDGE $y) scale($scale)\"><rect width=\"${square.whole}\" height=\"${square.whole}\" fill=\"#fff\"/><path d=\"$path\"/></g>\n")
        y += INNER
    }

    private fun boxed(colour: String, fill: String = "none", inside: () -> Unit) {
        val (top, at) = y to svg.length
        y += 10
        inside()
        y += 8
        svg.insert(at, "<rect x=\"${EDGE - 6}\" y=\"$top\" width=\"${INNER + 12}\" height=\"${y - top}\" rx=\"8\" fill=\"$fill\" stroke=\"$colour\" stroke-width=\"2\"/>\n")
    }

    private fun rule(colour: String) {
        y += 6
        svg.append("<line x1=\"$EDGE\" x2=\"${WIDTH - EDGE}\" y1=\"$y\" y2=\"$y\" stroke=\"$colour\"/>\n")
    }

    private fun write(text: String, size: Int, colour: String, isBold: Boolean = false, centred: Boolean = false, width: Int = INNER) {
        val weight = if (isBold) " font-weight=\"bold\"" else ""
        for (row in rows(text, width * 100 / (size * if (isBold) 60 else 55))) {
            y += size + 3
            val place = if (centred) "x=\"${WIDTH / 2}\" text-anchor=\"middle\"" else "x=\"$EDGE\""
            svg.append("<text $place y=\"${y - 3}\" font-size=\"$size\"$weight fill=\"$colour\">${escaped(row)}</text>\n")
        }
    }

    /** Broken between words; how wide letters are is an estimate. */
    private fun rows(text: String, most: Int): List<String> = text.split(' ').fold(mutableListOf("")) { rows, word ->
        if (rows.last().isNotEmpty() && rows.last().length + 1 + word.length > most) rows.add(word)
        else rows[rows.lastIndex] = (rows.last() + " " + word).trim()
        rows
    }

    private fun escaped(text: String) = text.replace("&", "&amp;").replace("<", "&lt;")

    companion object {
        private const val WIDTH = 360
        private const val EDGE = 20
        private const val INNER = WIDTH - 2 * EDGE
        private const val GAP = 12
        private const val CURVE = 110

        /** Of each screen the fullest sheet, in English, by day and by night; the first screen in every other language too. */
        fun write(seen: List<Pair<String, Sheet>>) {
            val folder = File("target/previews").apply { mkdirs() }
            val fullest = seen.filter { it.first != GONE }.groupBy({ it.first }, { it.second }).mapValues { (_, sheets) -> sheets.maxBy { it.parts.size } }
            for ((screen, sheet) in fullest) File(folder, "$screen.svg").writeText(byDayAndNight(sheet, "values"))
            for (language in LANGUAGES.drop(1)) fullest["HomeScreen"]?.let { home ->
                File(folder, "HomeScreen-${language.takeLast(2)}.svg").writeText(byDayAndNight(home, language))
            }
        }

        private fun byDayAndNight(sheet: Sheet, language: String): String {
            val (day, height) = Preview(language, isDark = false).of(sheet)
            val (night, _) = Preview(language, isDark = true).of(sheet)
            val wide = 2 * WIDTH
            return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 $wide $height\" width=\"$wide\" height=\"$height\" " +
                "font-family=\"sans-serif\" style=\"font-feature-settings:'tnum'\">\n" +
                "<!-- Drawn by Hazel's tests of the sheet that the app shows; not by a phone. -->\n$day" +
                "<svg x=\"$WIDTH\" width=\"$WIDTH\" height=\"$height\">\n$night</svg>\n</svg>\n"
        }
    }
}
