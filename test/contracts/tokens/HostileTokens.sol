// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPayOnce} from "../../../contracts/IPayOnce.sol";

/// @notice Answers false and moves nothing.
contract FalseToken {
    function transferFrom(address, address, uint256) external pure returns (bool) {
        return false;
    }
}

/// @notice Moves, and answers nothing, as some old tokens do.
contract SilentToken {
    mapping(address account => uint256) public balanceOf;

    function transferFrom(address, address to, uint256 value) external {
        balanceOf[to] += value;
    }
}

/// @notice Answers with whatever words it was last told, and reverts with them if so told.
contract ScriptedToken {
    bytes private answer;
    bool private reverts;

    function script(bytes calldata answer_, bool reverts_) external {
        answer = answer_;
        reverts = reverts_;
    }

    function transferFrom(address, address, uint256) external view returns (bool) {
        bytes memory words = answer;
        if (reverts) {
            assembly {
                revert(add(words, 0x20), mload(words))
            }
        }
        assembly {
            return(add(words, 0x20), mload(words))
        }
    }
}

/// @notice Reverts with far more than anyone wants to read.
contract LongAnswerToken {
    function transferFrom(address, address, uint256) external pure returns (bool) {
        assembly {
            revert(0x00, 100000)
        }
    }
}

/// @notice Burns all the gas it is given.
contract GasBurnerToken {
    function transferFrom(address, address, uint256) external pure returns (bool) {
        assembly {
            invalid()
        }
    }
}

/// @notice Needs a lot of gas, but fewer than the cap; then moves.
contract HungryToken {
    uint256 public constant APPETITE = 300_000;
    mapping(address account => uint256) public balanceOf;

    function transferFrom(address, address to, uint256 value) external returns (bool) {
        uint256 start = gasleft();
        while (start - gasleft() < APPETITE) {}
        balanceOf[to] += value;
        return true;
    }
}

/// @notice Notices that it runs short, and says false instead of running out: a starved item that looks refused.
contract TimidToken {
    uint256 public constant APPETITE = 300_000;

    function transferFrom(address, address, uint256) external view returns (bool) {
        return gasleft() > APPETITE;
    }
}

/// @notice Is an operator itself, and pays or voids the same item again while it is being paid.
contract ReentrantToken {
    IPayOnce public immutable payOnce;
    bool public swallow;
    bool public voids;
    bytes public refusal;
    bool public paidMeanwhile;
    mapping(address account => uint256) public balanceOf;
    IPayOnce.Payment private item;

    constructor(IPayOnce payOnce_) {
        payOnce = payOnce_;
    }

    function script(IPayOnce.Payment calldata item_, bool swallow_, bool voids_) external {
        item = item_;
        swallow = swallow_;
        voids = voids_;
    }

    function transferFrom(address, address to, uint256 value) external returns (bool) {
        (paidMeanwhile, ) = payOnce.slots(item.id);
        (bool done, bytes memory answer) = address(payOnce).call(_again());
        refusal = answer;
        if (!done && !swallow) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        balanceOf[to] += value;
        return true;
    }

    function _again() private view returns (bytes memory) {
        if (voids) {
            IPayOnce.Ref[] memory refs = new IPayOnce.Ref[](1);
            refs[0] = IPayOnce.Ref(item.id, item.generation);
            return abi.encodeCall(IPayOnce.void, (refs));
        }
        IPayOnce.Payment[] memory items = new IPayOnce.Payment[](1);
        items[0] = item;
        return abi.encodeCall(IPayOnce.pay, (items));
    }
}
