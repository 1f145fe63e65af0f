package org.hazel.app

import org.hazel.bridge.Code
import org.hazel.bridge.Modules
import org.hazel.bridge.Show
import org.hazel.bridge.linkOf

/** The squares of one picture: side by side, row by row, with the white around them counted in. */
class Square(val side: Int, val quiet: Int, private val dark: ByteArray, val frame: Int, val of: Int) {
    constructor(it: Modules) : this(it.side.toInt(), it.quiet.toInt(), it.dark, it.frame.toInt(), it.of.toInt())

    /** Squares along one side, the white ones around included. */
    val whole: Int get() = side + 2 * quiet

    /** Whether the square in this column and row is black, counted from the corner of the white. */
    fun isDark(column: Int, row: Int): Boolean {
        val (x, y) = column - quiet to row - quiet
        return x in 0 until side && y in 0 until side && dark[y * side + x] == 1.toByte()
    }
}

/** A code as large as the screen: always black on white. The same goes out as a tag and as a link. */
class CodeScreen(hall: Hall, private val code: Code, private val about: Said) : Screen(hall) {
    private val show = Show(code.bytes)
    private var square = Square(show.next())

    override suspend fun live() {
        draw()
        hall.phone.tag(linkOf(code.bytes, null))
        try {
            kotlinx.coroutines.awaitCancellation()
        } finally {
            hall.phone.tag(null)
        }
    }

    override fun compose() = Sheet(about, buildList {
        // A long code moves by itself; how much of it there is, is never hidden.
        if (square.of > 1) add(Note(Text("frames", square.of.toString())))
        val next: (() -> Square)? = if (square.of > 1) ({ Square(show.next()) }) else null
        add(Picture(square, about, next))
        add(Button(Text("share_link")) { hall.phone.share(linkOf(code.bytes, null)) })
        add(Button(Text("done"), isMain = true) { hall.back() })
    }, isCode = true)
}
